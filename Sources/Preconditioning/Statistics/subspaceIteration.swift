import Compute

/// Steps of subspace iteration from a nearly orthonormal basis V: P = H₁H₂…Hₙ of QR(A·V) becomes the next step's V, and in the end
/// λ = diag(PᵀAP); the randomized decomposition of the paper, warm-started at V.
///
/// Columns are neither sorted nor given signs, and what PᵀAP has off its diagonal is dropped. A is positive semidefinite, and
/// so a Rayleigh quotient below 0 is rounding, of up to about n·u·λmax; it becomes 0, as the eigenvalues of a whole
/// decomposition do. The published code keeps it, and its power is not a number where it exceeds the damping.
///
/// - Parameter steps: at least one; the paper takes one for Shampoo and CASPR and two for K-FAC and AdaBK.
///
/// Source: Wang et al. 2024, appendix B, eq. 4.
func subspaceIteration<Backend: MatrixBackend>(
    _ a: Backend.Tensor, from vectors: Backend.Tensor, steps: Int, _ backend: Backend
) -> NewFactors<Backend> {
    var (packed, scalars) = backend.householderQR(backend.multiply(a, vectors))
    var basis = backend.orthogonalFactor(reflectors: packed, scalars: scalars)
    for _ in 1..<steps {
        (packed, scalars) = backend.householderQR(backend.multiply(a, basis))
        basis = backend.orthogonalFactor(reflectors: packed, scalars: scalars)
    }
    let quotients = backend.columnProducts(basis, backend.multiply(a, basis))
    return NewFactors(eigenvalues: backend.map(quotients, .raise(to: 0)), vectors: basis, reflectors: (packed, scalars))
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
