import Compute
import MatrixCore
import Quantization

/// A statistic kept by its lower Cholesky factor: A + δI = L·Lᵀ, the diagonal of L in float32, its strict lower triangle
/// coded row by row. The decoded statistic is symmetric and positive semidefinite whatever the codes.
///
/// Source: Li, Ding, Toh, Zhou, arXiv 2412.10663 (without error feedback).
public struct CholeskyStatistic<Backend: MatrixBackend>: Sendable {
    private var factor: Backend.CodedTensor

    /// - Parameter shift: δ ≥ 0, the absolute damping, added before factorizing.
    /// - Throws: `DecompositionError.notPositiveDefinite` or `QuantizationError.notFinite`.
    public init(
        _ statistic: Backend.Tensor, shift: Backend.Scalar, coding: BlockCoding, backend: Backend
    ) throws {
        let upper = try backend.choleskyFactor(shift == 0 ? statistic : backend.addToDiagonal(statistic, shift))
        try self.init(factor: upper, coding: coding, backend: backend)
    }

    /// - Parameter upper: Lᵀ; what is below its diagonal is not read.
    /// - Throws: `QuantizationError.notFinite`.
    init(factor upper: Backend.Tensor, coding: BlockCoding, backend: Backend) throws(QuantizationError) {
        factor = try backend.encode(upper, region: .strictUpper, coding: coding, keepingDiagonal: true)
    }

    /// D(L)ᵀ, zeros below the diagonal.
    func decodedFactor(_ backend: Backend) -> Backend.Tensor { backend.decode(factor) }

    /// D(L)·D(L)ᵀ, damping included.
    public func decoded(_ backend: Backend) -> Backend.Tensor {
        backend.symmetricProduct(backend.decode(factor), transposed: true, alpha: 1)
    }

    public func byteCount(_ backend: Backend) -> Int { backend.byteCount(factor) }

    /// The factor's codes, block maxima and diagonal.
    func archive(_ backend: Backend) -> StateArchive { backend.parts(of: factor).archive }

    /// - Throws: `StateArchiveError`.
    mutating func read(_ archive: StateArchive, _ backend: Backend) throws(StateArchiveError) {
        factor = try backend.codedTensor(like: factor, from: archive)
    }
}
