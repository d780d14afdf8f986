import Quantization

/// A region of a square matrix in codes: packed codes, block maxima, and the diagonal where it is kept apart.
public struct CodedMatrix: Sendable, Equatable {
    public let order: Int
    public let region: CodedRegion
    public let coding: BlockCoding
    /// Column by column, without gaps; see `pack`.
    public let packedCodes: [UInt8]
    /// Column by column, in the order of the blocks.
    public let blockMaxima: [Float]
    public let diagonal: [Float]?

    /// ⌈bits·codes/8⌉ + 4 a block maximum + 4 a kept diagonal entry: the buffers as they are.
    public var byteCount: Int { packedCodes.count + 4 * blockMaxima.count + 4 * (diagonal?.count ?? 0) }
}
