import Compute

/// ‖VᵀAV − Diag‖F/‖VᵀAV‖F: 0 where V holds eigenvectors of A, and what decides whether they are to be renewed.
///
/// Source: Eschenhagen et al., "Purifying Shampoo", arXiv 2506.03595, section 5.
///
/// - Parameter product: A·V.
func offdiagonalResidual<Backend: MatrixBackend>(
    _ vectors: Backend.Tensor, product: Backend.Tensor, _ backend: Backend
) -> Double {
    let rotated = backend.multiply(vectors, transposed: true, product)
    let diagonal = backend.scaleColumns(
        backend.identity(backend.shape(of: vectors).columns), by: backend.diagonal(rotated))
    let norms = backend.norms(of: [backend.combine(1, rotated, -1, diagonal), rotated])
    return norms[1] > 0 ? Double(norms[0]) / Double(norms[1]) : 0
}
