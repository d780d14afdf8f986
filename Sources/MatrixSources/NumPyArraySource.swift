import Files
import MatrixCore

extension SourceFormat {
    /// A file of NumPy's `save`: one array, named `array`.
    static let numPyArray = SourceFormat(
        name: "npy", recognizes: { start, _ in start.starts(with: NumPyHeader.magic) }, open: { try NumPyArraySource($0) })
}

/// One array in NumPy's format.
struct NumPyArraySource: MatrixSource {
    private let file: ReadableFile
    private let array: NumPyArray
    let entries: [MatrixEntry]

    /// - Throws: `SourceError`.
    init(_ path: String) throws {
        do {
            file = try ReadableFile(path)
            let size = try NumPyHeader.size(file.start(NumPyHeader.startSize))
            array = try NumPyArray(NumPyHeader(file.start(min(size, NumPyHeader.largestSize))))
            try array.requireBytes(file.size)
        } catch let error as ReadingError {
            throw SourceError(error)
        } catch let error as NumPyHeaderError {
            throw SourceError(error, file: path)
        }
        entries = [
            MatrixEntry(name: "array", shape: array.shape, type: array.type, storedBytes: file.size - array.header.size)
        ]
    }

    var path: String { file.path }
    var fileBytes: Int { file.size }

    func values(of entry: MatrixEntry) throws -> [Double] {
        let count = try array.checkedCount(entry, of: self)
        var position = array.header.size
        return try array.values(count: count) { bytes throws(SourceError) in
            defer { position += bytes }
            return try file.values(at: position, count: bytes)
        }
    }
}

/// What a header of NumPy says of its array.
struct NumPyArray {
    let header: NumPyHeader
    let shape: [Int]
    let type: ElementType
    private let order: ByteOrder

    /// - Throws: `NumPyHeaderError` where the shape is none.
    init(_ header: NumPyHeader) throws(NumPyHeaderError) {
        guard let shape = header.shape, shape.count <= NumPyArray.mostDimensions else {
            throw NumPyHeaderError(at: 10, "its shape is \(header.shapeText), which is none")
        }
        self.header = header
        self.shape = shape
        order = header.type.hasPrefix(">") ? .bigEndian : header.type.hasPrefix("=") ? .native : .littleEndian
        type = NumPyArray.elementType(header.type)
    }

    /// As NumPy itself.
    private static let mostDimensions = 64

    private static func elementType(_ text: String) -> ElementType {
        let size = Int(text.dropFirst(2))
        switch (text.dropFirst().first, size) {
        case ("f", 2): return .float16
        case ("f", 4): return .float32
        case ("f", 8): return .float64
        case ("f", let size?) where (1...64).contains(size): return .otherFloat(bytes: size)
        case ("i", let size?) where [1, 2, 4, 8].contains(size): return .integer(bytes: size, signed: true)
        case ("u", let size?) where [1, 2, 4, 8].contains(size): return .integer(bytes: size, signed: false)
        case ("S", _), ("U", _): return .string
        case ("b", 1): return .other("bool")
        case ("c", _): return .other("complex")
        default: return .other("NumPy's type \(text)")
        }
    }

    /// Header and values take exactly so many bytes, where the type says how many.
    ///
    /// - Throws: `NumPyHeaderError`.
    func requireBytes(_ bytes: Int) throws(NumPyHeaderError) {
        guard let element = type.byteCount else { return }
        let entry = MatrixEntry(name: "", shape: shape + [element], type: type, storedBytes: 0)
        guard let needed = entry.count, needed == bytes - header.size else {
            throw NumPyHeaderError(
                at: header.size,
                "the NumPy header says \(header.shapeText) values of \(element) bytes, and \(bytes - header.size) bytes follow it"
            )
        }
    }

    /// As `MatrixSource.checkedCount`, of an array whose order is read.
    func checkedCount(_ entry: MatrixEntry, of source: some MatrixSource) throws(SourceError) -> Int {
        guard !header.isFortranOrder || shape.count <= 2 else {
            throw source.error(
                entry.name, "has \(shape.count) dimensions in Fortran's order", advice: "; save it by numpy.ascontiguousarray")
        }
        return try source.checkedCount(entry)
    }

    /// The values, the last index running fastest.
    ///
    /// - Parameter next: gives the bytes that follow, so many.
    func values<Failure: Error>(count: Int, _ next: (Int) throws(Failure) -> [UInt8]) throws(Failure) -> [Double] {
        guard let element = type.byteCount else { preconditionFailure("values of \(type)") }
        var failure: Failure?
        let values = [Double](unsafeUninitializedCapacity: count) { target, initialized in
            while initialized < count {
                // Whole elements, a megabyte or so at a time: the file need not be in memory beside its values.
                let part = min(count - initialized, 1 << 17)
                do throws(Failure) {
                    let bytes = try next(part * element)
                    bytes.withUnsafeBytes {
                        type.decode(
                            $0, order: order,
                            into: UnsafeMutableBufferPointer(rebasing: target[initialized..<initialized + part]))
                    }
                } catch {
                    failure = error
                    return
                }
                initialized += part
            }
        }
        if let failure { throw failure }
        return header.isFortranOrder ? reversingAxes(values) : values
    }

    /// From the first index running fastest to the last.
    private func reversingAxes(_ values: [Double]) -> [Double] {
        guard shape.count > 1, !shape.contains(0) else { return values }
        precondition(shape.count == 2, "\(shape.count) dimensions in Fortran's order")
        return Matrix(rows: shape[0], columns: shape[1], elements: values).transposed.elements
    }
}

extension SourceError {
    init(_ error: NumPyHeaderError, file: String, entry: String? = nil) {
        self.init(
            .wrongData, file: file, entry: entry, "at byte \(error.offset): \(error.problem)",
            advice: "; \(error.advice ?? "write the file again")")
    }
}
