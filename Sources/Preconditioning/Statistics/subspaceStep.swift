import Compute

/// One step of subspace iteration from a nearly orthonormal basis V: P = H₁H₂…Hₙ of QR(A·V), λ = diag(PᵀAP); the randomized decomposition of the paper, warm-started at V.
///
/// Columns are neither sorted nor given signs, and what PᵀAP has off its diagonal is dropped. A is positive semidefinite, and
/// so a Rayleigh quotient below 0 is rounding, of up to about n·u·λmax; it becomes 0, as the eigenvalues of a whole
/// decomposition do. The published code keeps it, and its power is not a number where it exceeds the damping.
///
/// Source: Wang et al. 2024, appendix B, eq. 4, with one iteration.
func subspaceStep<Backend: MatrixBackend>(
    _ a: Backend.Tensor, from vectors: Backend.Tensor, _ backend: Backend
) -> NewFactors<Backend> {
    let (packed, scalars) = backend.householderQR(backend.multiply(a, vectors))
    let next = backend.orthogonalFactor(reflectors: packed, scalars: scalars)
    let quotients = backend.columnProducts(next, backend.multiply(a, next))
    return NewFactors(eigenvalues: backend.map(quotients, .raise(to: 0)), vectors: next, reflectors: (packed, scalars))
}

/// β·V·Diag(λ)·Vᵀ + w·M.
func updatedStatistic<Backend: MatrixBackend>(
    vectors: Backend.Tensor, eigenvalues: Backend.Vector, decay: Double, moment: Backend.Tensor, weight: Double,
    _ backend: Backend
) -> Backend.Tensor {
    let scaled = backend.scaleColumns(vectors, by: eigenvalues)
    var result = backend.multiply(
        scaled, transposed: false, vectors, transposed: true, alpha: Backend.Scalar(decay))
    backend.combine(1, into: &result, Backend.Scalar(weight), moment)
    return result
}
