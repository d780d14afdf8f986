import MatrixCore

/// The buffers of a state by name, in order: what a checkpoint holds of an optimizer.
///
/// A name is a path such as `blocks/0_1/left/statistic/codes`. Buffers are taken as they are kept, nothing is decoded or
/// converted, so that a state read back is the state written. Reading throws whatever the archive holds.
public struct StateArchive: Sendable {
    public struct Entry: Sendable, Equatable {
        public let name: String
        public let buffer: StateBuffer

        public init(name: String, buffer: StateBuffer) {
            self.name = name
            self.buffer = buffer
        }
    }

    public private(set) var entries: [Entry] = []
    private var positions: [String: Int] = [:]
    /// What comes before the names of a part.
    private var prefix = ""

    public init() {}

    /// An archive from outside.
    ///
    /// - Throws: `StateArchiveError` where a name occurs twice.
    public init(entries: [Entry]) throws(StateArchiveError) {
        for entry in entries {
            guard positions[entry.name] == nil else { throw StateArchiveError(entry.name, .duplicate) }
            add(entry.name, entry.buffer)
        }
    }

    /// - Precondition: the name is new.
    public mutating func add(_ name: String, _ buffer: StateBuffer) {
        precondition(positions[name] == nil, "two buffers \(name)")
        positions[name] = entries.count
        entries.append(Entry(name: name, buffer: buffer))
    }

    /// The entries of a part, its name before theirs.
    public mutating func add(_ name: String, _ part: StateArchive) {
        for entry in part.entries { add("\(name)/\(entry.name)", entry.buffer) }
    }

    public mutating func add<Backend: MatrixBackend>(_ name: String, _ tensor: Backend.Tensor, _ backend: Backend) {
        add(name, StateBuffer(backend.matrix(tensor).elements))
    }

    public func contains(_ name: String) -> Bool { positions[prefix + name] != nil }

    /// The part whose names begin with this one, to read from.
    public func part(_ name: String) -> StateArchive {
        var part = self
        part.prefix = "\(prefix)\(name)/"
        return part
    }

    /// The bytes of all buffers; names are not counted.
    public var byteCount: Int { entries.reduce(0) { $0 + $1.buffer.byteCount } }
}

/// Two archives are equal where names, order, kinds and bits are.
extension StateArchive: Equatable {
    public static func == (a: StateArchive, b: StateArchive) -> Bool { a.entries == b.entries }
}

extension StateArchive {
    private func buffer(_ name: String) throws(StateArchiveError) -> StateBuffer {
        guard let position = positions[prefix + name] else { throw error(name, .missing) }
        return entries[position].buffer
    }

    /// The error of a buffer of this part.
    public func error(_ name: String, _ problem: StateArchiveError.Problem) -> StateArchiveError {
        StateArchiveError(prefix + name, problem)
    }

    private func requireCount(_ found: Int, _ expected: Int?, _ name: String) throws(StateArchiveError) {
        if let expected, found != expected { throw error(name, .wrongCount(found, expected: expected)) }
    }

    private func wrongKind(_ name: String, _ found: StateBuffer, _ expected: String) -> StateArchiveError {
        error(name, .wrongKind(found.kind, expected: expected))
    }

    /// - Throws: `StateArchiveError` where the buffer is missing, of another kind, of another count, or not finite.
    public func floats(_ name: String, count: Int) throws(StateArchiveError) -> [Float] {
        let buffer = try buffer(name)
        guard case .floats(let values) = buffer else { throw wrongKind(name, buffer, "floats") }
        try requireCount(values.count, count, name)
        guard values.allSatisfy(\.isFinite) else { throw error(name, .invalid("a value is not finite")) }
        return values
    }

    /// As `floats`, in double.
    ///
    /// - Throws: `StateArchiveError`.
    public func doubles(_ name: String, count: Int) throws(StateArchiveError) -> [Double] {
        let buffer = try buffer(name)
        guard case .doubles(let values) = buffer else { throw wrongKind(name, buffer, "doubles") }
        try requireCount(values.count, count, name)
        guard values.allSatisfy(\.isFinite) else { throw error(name, .invalid("a value is not finite")) }
        return values
    }

    /// - Parameter count: nil for any.
    /// - Throws: `StateArchiveError` where the buffer is missing, of another kind or of another count.
    public func bytes(_ name: String, count: Int?) throws(StateArchiveError) -> [UInt8] {
        let buffer = try buffer(name)
        guard case .bytes(let values) = buffer else { throw wrongKind(name, buffer, "bytes") }
        try requireCount(values.count, count, name)
        return values
    }

    /// - Throws: `StateArchiveError` where the buffer is missing, of another kind or of another count.
    public func integers(_ name: String, count: Int) throws(StateArchiveError) -> [UInt64] {
        let buffer = try buffer(name)
        guard case .integers(let values) = buffer else { throw wrongKind(name, buffer, "integers") }
        try requireCount(values.count, count, name)
        return values
    }

    /// A tensor of the shape of another, in the backend's scalar. Its entries are taken as they are: a second moment may
    /// be infinite.
    ///
    /// - Throws: `StateArchiveError` where the buffer is missing, of another kind or of another count.
    public func tensor<Backend: MatrixBackend>(
        _ name: String, like tensor: Backend.Tensor, _ backend: Backend
    ) throws(StateArchiveError) -> Backend.Tensor {
        backend.tensor(try matrix(name, backend.shape(of: tensor)))
    }

    /// As `tensor`, for what a decomposition may meet.
    ///
    /// - Throws: `StateArchiveError`, also where an entry is not finite.
    public func finiteTensor<Backend: MatrixBackend>(
        _ name: String, like tensor: Backend.Tensor, _ backend: Backend
    ) throws(StateArchiveError) -> Backend.Tensor {
        try finiteTensor(name, shape: backend.shape(of: tensor), backend)
    }

    public func finiteTensor<Backend: MatrixBackend>(
        _ name: String, shape: (rows: Int, columns: Int), _ backend: Backend
    ) throws(StateArchiveError) -> Backend.Tensor {
        let matrix: Matrix<Backend.Scalar> = try matrix(name, shape)
        guard matrix.largestMagnitude.isFinite else { throw error(name, .invalid("an entry is not finite")) }
        return backend.tensor(matrix)
    }

    private func matrix<Scalar: MatrixScalar>(
        _ name: String, _ shape: (rows: Int, columns: Int)
    ) throws(StateArchiveError) -> Matrix<Scalar> {
        let buffer = try buffer(name)
        guard let values: [Scalar] = buffer.scalars() else {
            throw wrongKind(name, buffer, StateBuffer([Scalar]()).kind)
        }
        try requireCount(values.count, shape.rows * shape.columns, name)
        return Matrix(rows: shape.rows, columns: shape.columns, elements: values)
    }

    /// Holds the archive to the names of another: what a state that was read would write.
    ///
    /// - Throws: `StateArchiveError` for a buffer that is too many or too few.
    public func requireNames(of other: StateArchive) throws(StateArchiveError) {
        for entry in entries where other.positions[entry.name] == nil {
            throw StateArchiveError(entry.name, .unexpected)
        }
        for entry in other.entries where positions[entry.name] == nil { throw StateArchiveError(entry.name, .missing) }
    }
}

/// What is wrong with a buffer of an archive.
public struct StateArchiveError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Problem: Sendable, Equatable {
        case missing
        case unexpected
        case duplicate
        case wrongKind(String, expected: String)
        case wrongCount(Int, expected: Int)
        /// A value that no state has.
        case invalid(String)
    }

    public let name: String
    public let problem: Problem

    public init(_ name: String, _ problem: Problem) {
        self.name = name
        self.problem = problem
    }

    public var description: String {
        switch problem {
        case .missing: "the buffer \(name) is missing"
        case .unexpected: "the buffer \(name) belongs to no part of the state"
        case .duplicate: "the buffer \(name) is there twice"
        case .wrongKind(let found, let expected): "the buffer \(name) holds \(found) instead of \(expected)"
        case .wrongCount(let found, let expected): "the buffer \(name) has \(found) values instead of \(expected)"
        case .invalid(let reason): "the buffer \(name): \(reason)"
        }
    }
}
