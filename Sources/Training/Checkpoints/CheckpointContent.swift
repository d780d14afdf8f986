import Compute
import Files
import HDF5Store

/// What a checkpoint holds, buffer by buffer as it is in the file.
struct CheckpointContent {
    struct Entry {
        let name: String
        let shape: [Int]
        let values: StateBuffer
    }

    let step: Int
    /// Of the step's batch.
    let loss: Double
    /// What decides the numbers of the run, as JSON.
    let configuration: String
    var entries: [Entry] = []

    static let format = "fourthroot-checkpoint"
    /// 1 had no checksum, 2 no codebooks beside the codes.
    static let version = 3

    /// The XXH3 of everything above: of every buffer with its name, shape and kind, whatever their order.
    var checksum: String {
        let buffers = entries.map { entry in
            let hash = entry.values.withBytes { contentHash($0) }
            return "\(entry.name)\n\(entry.shape) \(entry.values.kind) \(hash)"
        }
        return contentHash(
            (["\(Self.format) \(Self.version)", "\(step) \(loss)", configuration] + buffers.sorted()).joined(separator: "\n"))
    }

    /// - Throws: `HDF5Error`.
    func write(to path: String) throws {
        try HDF5File.create(at: path, overwriting: true) { writer in
            try writer.setAttribute("format", to: .string(Self.format))
            try writer.setAttribute("format_version", to: .integer(Self.version))
            try writer.setAttribute("step", to: .integer(step))
            try writer.setAttribute("loss", to: .number(loss))
            try writer.setAttribute("configuration", to: .string(configuration))
            try writer.setAttribute("checksum", to: .string(checksum))
            for entry in entries { try entry.write(to: writer) }
        }
    }

    /// Reads a checkpoint whole and holds it to its checksum.
    ///
    /// - Throws: `HDF5Error`; `CheckpointError` of kind `wrongData` for what is no checkpoint, of another version or damaged.
    init(readingFrom path: String) throws {
        func failure(_ problem: String) -> CheckpointError { CheckpointError(kind: .wrongData, path: path, problem: problem) }
        let file = try HDF5File.open(path)
        guard try file.attribute("format")?.string == Self.format else {
            throw failure("is not a checkpoint of this program")
        }
        let version = try file.attribute("format_version")?.integer
        guard version == Self.version else {
            throw failure(
                "is a checkpoint of format \(version.map { "\($0)" } ?? "unknown"), and this version reads format "
                    + "\(Self.version) alone; finish the training with the version that wrote it, or start again")
        }
        guard let step = try file.attribute("step")?.integer, let loss = try file.attribute("loss")?.number,
            let checksum = try file.attribute("checksum")?.string,
            let configuration = try file.attribute("configuration")?.string
        else { throw failure("does not say how it was made; it is damaged") }
        self.init(step: step, loss: loss, configuration: configuration)
        for set in try file.datasets() {
            if let failure = set.failure { throw failure }
            entries.append(try Entry(reading: set, of: file))
        }
        guard self.checksum == checksum else {
            throw failure("is damaged: its content is not the one that its checksum was taken of")
        }
    }

    init(step: Int, loss: Double, configuration: String) {
        self.step = step
        self.loss = loss
        self.configuration = configuration
    }
}

extension CheckpointContent.Entry {
    /// A buffer of a state.
    init(_ name: String, _ values: StateBuffer) {
        let count =
            switch values {
            case .floats(let values): values.count
            case .doubles(let values): values.count
            case .bytes(let values): values.count
            case .integers(let values): values.count
            }
        self.init(name: name, shape: [count], values: values)
    }

    fileprivate init(reading set: DatasetDescription, of file: HDF5File) throws {
        let values: StateBuffer =
            switch set.elementType {
            case .float32: .floats(try file.readArray(set.name, as: Float.self).values)
            case .float64: .doubles(try file.readArray(set.name, as: Double.self).values)
            case .integer(bytes: 8, signed: false): .integers(try file.readIntegers(set.name).values)
            default: .bytes(try file.readBytes(set.name).values)
            }
        self.init(name: set.name, shape: set.shape, values: values)
    }

    fileprivate func write(to writer: HDF5Writer) throws {
        switch values {
        case .floats(let values): try writer.write(NumericArray(shape: shape, values: values), to: name)
        case .doubles(let values): try writer.write(NumericArray(shape: shape, values: values), to: name)
        case .bytes(let values): try writer.write(NumericArray(shape: shape, values: values), to: name)
        case .integers(let values): try writer.write(NumericArray(shape: shape, values: values), to: name)
        }
    }
}

extension StateBuffer {
    fileprivate func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        switch self {
        case .floats(let values): values.withUnsafeBytes(body)
        case .doubles(let values): values.withUnsafeBytes(body)
        case .bytes(let values): values.withUnsafeBytes(body)
        case .integers(let values): values.withUnsafeBytes(body)
        }
    }
}
