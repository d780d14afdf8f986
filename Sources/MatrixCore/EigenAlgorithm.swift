/// How the eigenvectors of a symmetric matrix are taken once it is tridiagonal.
public enum EigenAlgorithm: Sendable {
    /// LAPACK's `syevd`: the fastest, eigenvectors orthonormal to a few u. Within a cluster of equal eigenvalues deflation
    /// leaves vectors of a visible structure.
    case divideAndConquer
    /// LAPACK's `syevr`: about 15 % slower at order 1200, eigenvectors orthonormal to about n·u. Within a cluster they are
    /// close to a random basis, which is what coding them is meant to be measured on.
    case relativelyRobust
}
