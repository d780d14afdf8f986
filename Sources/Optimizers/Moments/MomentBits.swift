import Compute
import Quantization

/// How many bits an entry of what a first-order rule keeps takes.
public enum MomentBits: Int, Sendable, Codable, CaseIterable {
    case four = 4
    case eight = 8
    /// Not coded.
    case exact = 32
}

/// What a first-order rule keeps of a parameter's gradients.
public enum MomentKind: Sendable, CaseIterable {
    /// A running mean of gradients.
    case mean
    /// A running mean of their squares.
    case meanSquare
    /// A momentum that is followed by itself.
    case momentum
    /// What is never coded: points, sums that only grow.
    case uncoded
}

/// How a tensor is kept.
enum MomentForm: Sendable, Equatable {
    case exact
    /// Blocks of consecutive entries in row-major order, whatever the rows, each with its maximum in float32.
    case blocks(BlockCoding)
    /// Entries over the lesser of the largest magnitudes of their row and their column, which are kept in float32.
    ///
    /// Source: Li, Chen, Zhu 2023, section 4.2 (rank-1 normalization).
    case crossed(Codebook)
}

extension MomentBits {
    /// 8 bits: blocks of 2048, tensors below 4096 entries uncoded; signed dynamic tree for a mean, unsigned for a mean square,
    /// linear for a momentum. 4 bits: groups of 128, tensors up to 4096 entries uncoded; signed dynamic tree for means and
    /// momenta, unsigned linear without zero for a mean square, which in tensors of two dimensions is scaled by row and column.
    ///
    /// Source: Dettmers et al., ICLR 2022; Li, Chen, Zhu, NeurIPS 2023; Gupta et al., arXiv 2509.23106 (8-bit Muon).
    func form(of kind: MomentKind, _ parameter: ParameterShape) -> MomentForm {
        let entries = parameter.rows * parameter.columns
        switch (self, kind) {
        case (.exact, _), (_, .uncoded): return .exact
        case (.eight, _):
            if entries < 4096 { return .exact }
            return .blocks(Self.coding(Self.codebook(of: kind), blockSize: 2048))
        case (.four, .meanSquare):
            if entries <= 4096 { return .exact }
            let isPlane = parameter.dimensions.filter { $0 != 1 }.count == 2
            return isPlane ? .crossed(.unsignedLinear) : .blocks(Self.coding(.unsignedLinear, blockSize: 128))
        case (.four, _):
            if entries <= 4096 { return .exact }
            return .blocks(Self.coding(.signedTree(bits: 4), blockSize: 128))
        }
    }

    /// Of 8 bits.
    private static func codebook(of kind: MomentKind) -> Codebook {
        switch kind {
        case .mean, .uncoded: .signedTree(bits: 8)
        case .meanSquare: .unsignedTree
        case .momentum: .signedLinear
        }
    }

    private static func coding(_ codebook: Codebook, blockSize: Int) -> BlockCoding {
        guard let coding = try? BlockCoding(codebook: codebook, blockSize: blockSize) else {
            preconditionFailure("blocks of \(blockSize)")
        }
        return coding
    }

    /// The bytes of the buffers, an exact tensor in float32.
    public func byteCount(of kind: MomentKind, _ parameter: ParameterShape) -> Int {
        let (rows, columns) = (parameter.rows, parameter.columns)
        switch form(of: kind, parameter) {
        case .exact: return 4 * rows * columns
        case .blocks(let coding):
            return packedByteCount(codes: rows * columns, bits: coding.codebook.bits)
                + 4 * coding.blockCount(length: rows * columns)
        case .crossed(let codebook):
            return packedByteCount(codes: rows * columns, bits: codebook.bits) + 4 * (rows + columns + 1)
        }
    }
}
