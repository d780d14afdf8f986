/// How entries become codes: a codebook and the number of consecutive entries that share one float32 maximum.
public struct BlockCoding: Sendable, Equatable {
    public let codebook: Codebook
    public let blockSize: Int

    /// - Throws: `QuantizationError.invalidBlockSize`.
    public init(codebook: Codebook, blockSize: Int) throws(QuantizationError) {
        guard blockSize >= 1 else { throw .invalidBlockSize(blockSize) }
        self.codebook = codebook
        self.blockSize = blockSize
    }

    /// ⌈length/blockSize⌉: the last block of a segment may be short.
    public func blockCount(length: Int) -> Int {
        length == 0 ? 0 : (length - 1) / blockSize + 1
    }
}

/// Which entries of a matrix of order n are coded: one segment a column, blocks never crossing it.
///
/// A column of the memory is a row of the same matrix in row-major storage, and of its transpose.
public enum CodedRegion: Sendable, Equatable {
    /// Whole columns.
    case columns
    /// The strict upper triangle: rows 0 ..< j of column j. For a symmetric matrix or an upper Cholesky factor Lᵀ this
    /// is the strict lower triangle row by row.
    case strictUpper
    /// The strict lower triangle: rows j+1 ..< n of column j, where LAPACK keeps reflector tails.
    case strictLower

    /// The coded rows of a column.
    @inlinable
    public func rows(ofColumn column: Int, order: Int) -> Range<Int> {
        switch self {
        case .columns: 0..<order
        case .strictUpper: 0..<column
        case .strictLower: min(column + 1, order)..<order
        }
    }

    /// The number of coded entries.
    public func entryCount(order: Int) -> Int {
        switch self {
        case .columns: order * order
        case .strictUpper, .strictLower: order * (order - 1) / 2
        }
    }

    /// The number of block maxima.
    public func blockCount(order: Int, coding: BlockCoding) -> Int {
        (0..<order).reduce(0) { $0 + coding.blockCount(length: rows(ofColumn: $1, order: order).count) }
    }

    /// ⌈bits·entries/8⌉ for the packed codes + 4 a block maximum.
    public func byteCount(order: Int, coding: BlockCoding) -> Int {
        packedByteCount(codes: entryCount(order: order), bits: coding.codebook.bits)
            + 4 * blockCount(order: order, coding: coding)
    }
}
