import Quantization

/// How a statistic A (symmetric positive definite) is kept.
public enum StatisticStorage: Sendable, Equatable, Codable {
    /// The matrix itself.
    case exact
    /// Every entry coded, blocks along rows.
    case full(BlockCoding)
    /// The diagonal in float32, the rest coded along rows with a zero in the diagonal's place.
    case offdiagonal(BlockCoding)
    /// The diagonal in float32 and the strict lower triangle coded, each row its own blocks.
    case symmetric(BlockCoding)
    /// Eigenvalues in float32, eigenvectors coded, blocks inside one eigenvector.
    case eigenvector(BlockCoding)
    /// Eigenvalues in float32, the eigenvector matrix as coded Householder reflectors and sign bits.
    case householder(BlockCoding)
    /// The lower Cholesky factor: diagonal in float32, strict lower triangle coded row by row.
    case cholesky(BlockCoding)
}

/// How a root A^(-p) is kept; the cases mean what they mean for a statistic.
public enum RootStorage: Sendable, Equatable, Codable {
    case exact
    case full(BlockCoding)
    case offdiagonal(BlockCoding)
    case symmetric(BlockCoding)
}
