/// How a data set is laid out in the file.
public struct DatasetStorage: Sendable, Hashable {
    /// The level of deflate, 1 to 9; nil for none.
    public var deflateLevel: Int?
    /// The bytes of all elements of a chunk gathered by significance, which is what makes floats compress.
    public var shuffle: Bool
    /// The extents of a chunk; nil to have whole rows of about 256 KiB together.
    public var chunk: [Int]?

    /// - Precondition: `deflateLevel` is nil or within 1...9.
    public init(deflateLevel: Int? = nil, shuffle: Bool = false, chunk: [Int]? = nil) {
        precondition(deflateLevel.map { (1...9).contains($0) } ?? true, "deflate level \(deflateLevel ?? 0)")
        self.deflateLevel = deflateLevel
        self.shuffle = shuffle
        self.chunk = chunk
    }

    /// One piece, no filters.
    public static let contiguous = DatasetStorage()
    /// Chunked, shuffled and deflated.
    public static let compressed = DatasetStorage(deflateLevel: 4, shuffle: true)

    /// The chunk for a shape; nil where the set is stored in one piece.
    func chunk(forShape shape: [Int], elementBytes: Int) -> [Int]? {
        guard deflateLevel != nil || shuffle || chunk != nil else { return nil }
        // A chunk must have extents, and a scalar has none.
        guard !shape.isEmpty, !shape.contains(0) else { return nil }
        if let chunk { return chunk }
        var result = shape
        var bytes = shape.reduce(elementBytes, *)
        for axis in result.indices where bytes > 1 << 18 {
            let rest = bytes / result[axis]
            result[axis] = max(1, (1 << 18) / rest)
            bytes = rest * result[axis]
        }
        return result
    }
}
