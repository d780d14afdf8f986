/// A matrix in codes: its form and its buffers.
public struct CodedMatrix: Sendable, Equatable {
    public let form: CodedForm
    /// Column by column, packed as the form says.
    public let packedCodes: [UInt8]
    /// Column by column, in the order of the blocks.
    public let blockMaxima: BlockMaxima
    /// The entries (i, i); nil where they are not kept apart.
    public let diagonal: [Float]?
    /// What is taken off on decoding; nil for all that is kept, archived and trained with.
    public let dither: CodeNoise?

    /// - Precondition: the buffers are those of the form.
    public init(
        form: CodedForm, packedCodes: [UInt8], blockMaxima: BlockMaxima, diagonal: [Float]?, dither: CodeNoise? = nil
    ) {
        let runs = form.runs
        precondition(
            blockMaxima.isOf(form.maxima) && blockMaxima.count == runs.blockCount
                && (diagonal != nil) == form.keepsDiagonal && (diagonal?.count ?? 0) == form.diagonalCount,
            "\(blockMaxima.count) block maxima and \(diagonal?.count ?? 0) diagonal entries for \(form)")
        switch form.packing {
        case .plain:
            precondition(
                packedCodes.count == runs.plainByteCount, "\(packedCodes.count) bytes of codes for \(form)")
        }
        self.form = form
        self.packedCodes = packedCodes
        self.blockMaxima = blockMaxima
        self.diagonal = diagonal
        self.dither = dither
    }

    /// The bytes of packed codes, block maxima and kept diagonal: of the buffers as they are.
    public var byteCount: Int {
        packedCodes.count + form.maxima.byteCount(blocks: blockMaxima.count) + 4 * (diagonal?.count ?? 0)
    }

    /// The codes, column by column.
    public var codes: [UInt8] {
        switch form.packing {
        case .plain:
            form.runs.flatMap {
                unpack(bytes: Array(packedCodes[$0.bytes]), count: $0.codeCount, bits: $0.coding.codebook.bits)
            }
        }
    }
}

extension CodedForm {
    /// Codes, column by column, as they are kept.
    public func packed(_ codes: [UInt8]) -> [UInt8] {
        switch packing {
        case .plain:
            var (bytes, first): ([UInt8], Int) = ([], 0)
            for run in runs {
                bytes += pack(codes: Array(codes[first..<first + run.codeCount]), bits: run.coding.codebook.bits)
                first += run.codeCount
            }
            return bytes
        }
    }
}
