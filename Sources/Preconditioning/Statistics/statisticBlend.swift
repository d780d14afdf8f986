import Compute
import MatrixCore
import Quantization

extension PreconditionerScheme {
    /// βA + (1 − β)M; nil where it would vanish.
    ///
    /// - Throws: `QuantizationError.notFinite`.
    func blended<Kept: KeptStatistic>(
        _ a: Kept.Backend.Tensor, of kept: Kept, with moment: Kept.Backend.Tensor, _ backend: Kept.Backend
    ) throws(QuantizationError) -> Kept.Backend.Tensor? {
        typealias Scalar = Kept.Backend.Scalar
        return try admitted(backend.combine(Scalar(decay), a, Scalar(momentWeight), moment), of: kept, backend)
    }

    /// A new A before it is kept or a decomposition meets it; nil where it vanishes.
    ///
    /// - Throws: `QuantizationError.notFinite`.
    func admitted<Kept: KeptStatistic>(
        _ a: Kept.Backend.Tensor, of kept: Kept, _ backend: Kept.Backend
    ) throws(QuantizationError) -> Kept.Backend.Tensor? {
        let largest = backend.largestMagnitude(a)
        guard !largest.isFinite else { return largest < vanishingMagnitude(of: kept) ? nil : a }
        let matrix = backend.matrix(a)
        let index = matrix.elements.firstIndex { !$0.isFinite } ?? 0
        throw .notFinite(
            row: index % matrix.rows, column: index / matrix.rows, value: Float(matrix.elements[index]))
    }
}
