import MatrixCore

/// The eigenvalues and eigenvectors of a symmetric matrix, from whatever solver: A ≈ Q·Diag(λ)·Qᵀ.
///
/// Shapes: n eigenvalues, ascending; `eigenvectors` is n × n and its column i belongs to `eigenvalues[i]`.
public struct SymmetricDecomposition: Sendable, Equatable {
    public var eigenvalues: [Double]
    public var eigenvectors: Matrix<Double>

    public init(eigenvalues: [Double], eigenvectors: Matrix<Double>) {
        precondition(
            eigenvectors.isSquare && eigenvectors.rows == eigenvalues.count,
            "\(eigenvalues.count) eigenvalues and \(eigenvectors.rows) × \(eigenvectors.columns) eigenvectors")
        self.eigenvalues = eigenvalues
        self.eigenvectors = eigenvectors
    }

    public var order: Int { eigenvalues.count }
}
