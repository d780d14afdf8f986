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

    /// The bytes of the buffers that a statistic of this order takes; `exact` counts as float32.
    public func byteCount(order: Int) -> Int {
        switch self {
        case .exact: 4 * order * order
        case .full(let coding): CodedRegion.columns.byteCount(order: order, coding: coding)
        case .offdiagonal(let coding), .eigenvector(let coding):
            CodedRegion.columns.byteCount(order: order, coding: coding) + 4 * order
        case .symmetric(let coding), .cholesky(let coding):
            CodedRegion.strictUpper.byteCount(order: order, coding: coding) + 4 * order
        case .householder(let coding):
            CodedRegion.strictLower.byteCount(order: order, coding: coding) + 4 * order + (order + 7) / 8
        }
    }
}

/// How a root A^(-p) is kept; the cases mean what they mean for a statistic.
public enum RootStorage: Sendable, Equatable, Codable {
    case exact
    case full(BlockCoding)
    case offdiagonal(BlockCoding)
    case symmetric(BlockCoding)

    /// The bytes of the buffers that a root of this order takes; `exact` counts as float32.
    public func byteCount(order: Int) -> Int {
        switch self {
        case .exact: StatisticStorage.exact.byteCount(order: order)
        case .full(let coding): StatisticStorage.full(coding).byteCount(order: order)
        case .offdiagonal(let coding): StatisticStorage.offdiagonal(coding).byteCount(order: order)
        case .symmetric(let coding): StatisticStorage.symmetric(coding).byteCount(order: order)
        }
    }
}
