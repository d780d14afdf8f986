import Compute
import Quantization

/// Coded matrices taken apart and put together, for checkpoints.
extension CPUBackend {
    public func parts(of coded: CodedMatrix) -> CodedParts {
        CodedParts(
            order: coded.order, region: coded.region, coding: coded.coding, packedCodes: coded.packedCodes,
            blockMaxima: coded.blockMaxima, diagonal: coded.diagonal)
    }

    public func codedTensor(_ parts: CodedParts) -> CodedMatrix {
        CodedMatrix(
            order: parts.order, region: parts.region, coding: parts.coding, packedCodes: parts.packedCodes,
            blockMaxima: parts.blockMaxima, diagonal: parts.diagonal)
    }
}
