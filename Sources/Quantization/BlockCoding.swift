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

    /// Another codebook over blocks of the same size.
    init(codebook: Codebook, like other: BlockCoding) {
        self.codebook = codebook
        blockSize = other.blockSize
    }

    /// ⌈length/blockSize⌉: the last block of a segment may be short.
    public func blockCount(length: Int) -> Int {
        length == 0 ? 0 : (length - 1) / blockSize + 1
    }
}
