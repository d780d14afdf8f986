import IndependentProduct
import MatrixCore

/// Q·Diag(λ)·Qᵀ, exactly symmetric.
///
/// Numerics: formed without BLAS or LAPACK, with the same bits on every machine. Q is orthogonal to within n·u, so the
/// eigenvalues of the result are the given ones to within a small multiple of n·u·max λ, which for condition numbers
/// near 1/(n·u) is the size of the smallest.
///
/// - Parameters:
///   - eigenvalues: n positive numbers; value i belongs to column i of the basis.
///   - basis: n × n, orthogonal.
public func positiveDefinite(eigenvalues: [Double], basis: Matrix<Double>) -> Matrix<Double> {
    precondition(basis.order == eigenvalues.count, "\(eigenvalues.count) eigenvalues for order \(basis.rows)")
    return independentSymmetricProduct(basis, diagonal: eigenvalues)
}
