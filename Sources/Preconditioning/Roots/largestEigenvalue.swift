import Compute
import MatrixCore

/// An estimate of λmax of a positive semidefinite matrix by power iteration: v ← Av/‖Av‖, λ ≈ vᵀAv.
///
/// The start vector is uniform in (−1, 1)ⁿ. At most `iterations` products; the iteration stops where λ changes by less than
/// `tolerance` of itself. The published code compares the change with an absolute 1e-6, which would end the iteration
/// at its random start for the statistics of small gradients.
///
/// Numerics: the estimate is a Rayleigh quotient, hence never above λmax but for rounding; 10 iterations give damping a few
/// per cent off where the leading eigenvalues are close.
///
/// - Returns: 0 for the zero matrix; NaN or infinity where the matrix is not finite.
public func largestEigenvalue<Backend: MatrixBackend>(
    _ a: Backend.Tensor, iterations: Int = 10, tolerance: Double = 1e-6,
    using generator: inout some RandomNumberGenerator, _ backend: Backend
) -> Backend.Scalar {
    let start = (0..<backend.shape(of: a).rows).map { _ in Backend.Scalar(2 * generator.uniform() - 1) }
    var product = backend.column(backend.vector(start))
    var estimate: Backend.Scalar = 0
    for _ in 0..<iterations {
        let norm = backend.frobeniusNorm(product)
        guard norm > 0, norm.isFinite else { return norm }
        let vector = backend.scaled(1 / norm, product)
        product = backend.multiply(a, vector)
        let next = backend.values(of: backend.columnProducts(vector, product))[0]
        let change = (next - estimate).magnitude
        estimate = next
        if change <= Backend.Scalar(tolerance) * next.magnitude { break }
    }
    return estimate
}
