import MatrixCore

/// A named array of a file, without its values.
public struct MatrixEntry: Sendable, Equatable {
    /// Without a leading slash.
    public let name: String
    /// Row-major: the last index runs fastest. [] of a scalar, [0] of nothing.
    public let shape: [Int]
    public let type: ElementType
    /// Bytes that the values take in the file, after compression.
    public let storedBytes: Int
    /// In the order in which they were applied on writing: `shuffle`, `deflate(6)`, …
    public let filters: [String]
    /// Why it cannot be described; every other property but the name is then empty.
    public let failure: SourceError?
    /// Two entries with one number are one array under two names.
    public internal(set) var object: Int

    init(
        name: String, shape: [Int], type: ElementType, storedBytes: Int, filters: [String] = [],
        failure: SourceError? = nil, object: Int = 0
    ) {
        self.name = name
        self.shape = shape
        self.type = type
        self.storedBytes = storedBytes
        self.filters = filters
        self.failure = failure
        self.object = object
    }

    init(name: String, object: Int = 0, failure: SourceError) {
        self.init(name: name, shape: [], type: .other("unknown type"), storedBytes: 0, failure: failure, object: object)
    }

    /// Whether it is two-dimensional and square; of order 0 too.
    public var isSquare: Bool { failure == nil && shape.count == 2 && shape[0] == shape[1] }

    /// Whether it is square, not empty and of a float type.
    public var isSquareMatrix: Bool { isSquare && shape[0] > 0 && type.isReadableAsMatrix }

    /// Whether it is square matrices, more than single numbers, one behind another.
    public var isStack: Bool {
        failure == nil && shape.count > 2 && type.isReadableAsMatrix && !shape.contains(0)
            && shape[shape.count - 2] == shape[shape.count - 1] && shape[shape.count - 1] > 1
    }

    /// "3 × 4", or in words.
    public var shapeText: String {
        shape.isEmpty ? "a scalar" : shape == [0] ? "empty" : shape.map { "\($0)" }.joined(separator: " × ")
    }

    /// The number of values; nil where it is beyond `Int`.
    var count: Int? {
        shape.reduce(1 as Int?) { count, extent in
            guard let (value, overflow) = count?.multipliedReportingOverflow(by: extent) else { return nil }
            return overflow ? nil : value
        }
    }

    /// The order of names: by their bytes, a group's members before what is beside the group.
    public static func precedes(_ left: String, _ right: String) -> Bool {
        let slash = UInt8(ascii: "/")
        return left.utf8.lexicographicallyPrecedes(right.utf8) { ($0 == slash ? 0 : $0) < ($1 == slash ? 0 : $1) }
    }
}
