import Compute

/// A statistic as it comes back from its storage.
public enum DecodedStatistic<Backend: MatrixBackend>: Sendable {
    /// Where blocks run along rows, an entry and its mirror image differ and it is not symmetric.
    case entries(Backend.Tensor, isSymmetric: Bool)
    /// Eigenvalues and the vectors that stand for eigenvectors, orthonormal to rounding or only nearly so.
    case factors(eigenvalues: Backend.Vector, vectors: Backend.Tensor, areOrthonormal: Bool)

    /// Whether `matrix` equals its transpose.
    public var isSymmetric: Bool {
        switch self {
        case .entries(_, let isSymmetric): isSymmetric
        case .factors: true
        }
    }

    /// The entries, or V·Diag(λ)·Vᵀ, exactly symmetric.
    public func matrix(_ backend: Backend) -> Backend.Tensor {
        switch self {
        case .entries(let matrix, _): matrix
        case .factors(let eigenvalues, let vectors, _):
            backend.symmetrize(
                backend.multiply(
                    backend.scaleColumns(vectors, by: eigenvalues), transposed: false, vectors, transposed: true, alpha: 1))
        }
    }
}
