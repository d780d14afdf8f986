import Compute
import MatrixCore

/// V·Diag((λ + ε·max λ)^(-p))·Vᵀ, exactly symmetric: the closed form of the paper's Algorithm 2.
///
/// Formed as W·Wᵀ with W = V·Diag((λ + ε·max λ)^(-p/2)), which costs half of a general product.
///
/// - Returns: nil where a damped eigenvalue is not positive or a power leaves the range of the scalar.
public func factoredRoot<Backend: MatrixBackend>(
    vectors: Backend.Tensor, eigenvalues: Backend.Vector, exponent: Double, damping: Double, _ backend: Backend
) -> Backend.Tensor? {
    let halves = backend.map(eigenvalues, .inversePower(exponent: exponent / 2, damping: damping))
    guard backend.values(of: halves).allSatisfy({ ($0 * $0).isFinite && $0 > 0 }) else { return nil }
    return backend.symmetricProduct(backend.scaleColumns(vectors, by: halves), transposed: false, alpha: 1)
}

/// The root of a matrix with what was learned on the way.
public struct InverseRoot<Backend: MatrixBackend>: Sendable {
    /// nil where the rule refused the eigenvalues or a power was not finite.
    public let root: Backend.Tensor?
    /// Those of the matrix before damping, ascending.
    public let eigenvalues: Backend.Vector
}

/// (A + ε·λmax·I)^(-p) by the eigendecomposition of A.
///
/// - Throws: `DecompositionError.noConvergence`.
/// - Precondition: A is symmetric and finite.
public func eigenRoot<Backend: MatrixBackend>(
    _ a: Backend.Tensor, exponent: Double, damping: Double, rule: IndefiniteRule, _ backend: Backend
) throws(DecompositionError) -> InverseRoot<Backend> {
    let (eigenvalues, vectors) = try backend.symmetricEigen(a)
    let root = rule.apply(to: eigenvalues, backend).flatMap {
        factoredRoot(vectors: vectors, eigenvalues: $0, exponent: exponent, damping: damping, backend)
    }
    return InverseRoot(root: root, eigenvalues: eigenvalues)
}
