/// How a factored statistic gets the eigenvectors of A when a moment has been added to it.
public enum UpdateDecomposition: String, Sendable, Codable, CaseIterable {
    /// Subspace iteration from the eigenvectors that are kept, as published. What PᵀAP has off its diagonal
    /// is dropped at every update; over training these omissions add up to more than 4-bit codes lose.
    case subspace
    /// All eigenvalues and eigenvectors of A, of which codes alone lose something.
    case eigen
}
