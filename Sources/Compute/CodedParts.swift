import Quantization

/// A coded tensor taken apart: its form and its buffers.
public struct CodedParts: Sendable, Equatable {
    public let order: Int
    public let region: CodedRegion
    public let coding: BlockCoding
    /// Column by column, without gaps; see `pack`.
    public let packedCodes: [UInt8]
    /// Column by column, in the order of the blocks.
    public let blockMaxima: [Float]
    /// nil where the diagonal is not kept apart.
    public let diagonal: [Float]?

    /// - Precondition: the counts are those of the form.
    public init(
        order: Int, region: CodedRegion, coding: BlockCoding, packedCodes: [UInt8], blockMaxima: [Float],
        diagonal: [Float]?
    ) {
        precondition(
            packedCodes.count + 4 * blockMaxima.count == region.byteCount(order: order, coding: coding)
                && diagonal?.count ?? order == order,
            "\(packedCodes.count) bytes and \(blockMaxima.count) block maxima for order \(order)")
        self.order = order
        self.region = region
        self.coding = coding
        self.packedCodes = packedCodes
        self.blockMaxima = blockMaxima
        self.diagonal = diagonal
    }

    /// `codes`, `block_maxima` and, where it is kept apart, `diagonal`.
    public var archive: StateArchive {
        var archive = StateArchive()
        archive.add("codes", .bytes(packedCodes))
        archive.add("block_maxima", .floats(blockMaxima))
        if let diagonal { archive.add("diagonal", .floats(diagonal)) }
        return archive
    }

    /// The parts of another tensor of this form.
    ///
    /// Every code of so many bits is in the codebook, which has 2^bits values.
    ///
    /// - Throws: `StateArchiveError` where a count is not that of the form, a bit behind the last code is set, a block
    ///   maximum is negative or a value is not finite.
    public func reading(_ archive: StateArchive) throws(StateArchiveError) -> CodedParts {
        let codes = try archive.bytes("codes", count: packedCodes.count)
        let usedBits = coding.codebook.bits * region.entryCount(order: order) % 8
        if usedBits > 0, let last = codes.last, last >> usedBits != 0 {
            throw archive.error("codes", .invalid("bits behind the last code are set"))
        }
        let maxima = try archive.floats("block_maxima", count: blockMaxima.count)
        guard maxima.allSatisfy({ $0.sign == .plus }) else {
            throw archive.error("block_maxima", .invalid("a block maximum is negative"))
        }
        return CodedParts(
            order: order, region: region, coding: coding, packedCodes: codes, blockMaxima: maxima,
            diagonal: try diagonal.map { diagonal throws(StateArchiveError) in
                try archive.floats("diagonal", count: diagonal.count)
            })
    }
}

extension MatrixBackend {
    /// A coded tensor of the form of another, from an archive.
    ///
    /// - Throws: `StateArchiveError`.
    public func codedTensor(
        like coded: CodedTensor, from archive: StateArchive
    ) throws(StateArchiveError) -> CodedTensor {
        codedTensor(try parts(of: coded).reading(archive))
    }
}
