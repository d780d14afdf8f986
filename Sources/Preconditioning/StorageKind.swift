import Quantization

/// The storage of a statistic by its name.
public enum StatisticKind: String, Sendable, Codable, CaseIterable {
    case exact, full, offdiagonal, symmetric, eigenvector, householder, cholesky

    /// Whether eigenvalues and eigenvectors are kept rather than entries.
    public var isFactored: Bool { self == .eigenvector || self == .householder }

    /// The storage with a coding, which `exact` does not ask for.
    public func storage(_ coding: () throws -> BlockCoding) rethrows -> StatisticStorage {
        switch self {
        case .exact: .exact
        case .full: .full(try coding())
        case .offdiagonal: .offdiagonal(try coding())
        case .symmetric: .symmetric(try coding())
        case .eigenvector: .eigenvector(try coding())
        case .householder: .householder(try coding())
        case .cholesky: .cholesky(try coding())
        }
    }
}

/// The storage of a root by its name.
public enum RootKind: String, Sendable, Codable, CaseIterable {
    case exact, full, offdiagonal, symmetric

    /// The storage with a coding, which `exact` does not ask for.
    public func storage(_ coding: () throws -> BlockCoding) rethrows -> RootStorage {
        switch self {
        case .exact: .exact
        case .full: .full(try coding())
        case .offdiagonal: .offdiagonal(try coding())
        case .symmetric: .symmetric(try coding())
        }
    }
}

extension StatisticStorage {
    public var kind: StatisticKind {
        switch self {
        case .exact: .exact
        case .full: .full
        case .offdiagonal: .offdiagonal
        case .symmetric: .symmetric
        case .eigenvector: .eigenvector
        case .householder: .householder
        case .cholesky: .cholesky
        }
    }

    /// Nil for `exact`.
    public var coding: BlockCoding? {
        switch self {
        case .exact: nil
        case .full(let coding), .offdiagonal(let coding), .symmetric(let coding), .eigenvector(let coding),
            .householder(let coding), .cholesky(let coding):
            coding
        }
    }
}

extension RootStorage {
    public var kind: RootKind {
        switch self {
        case .exact: .exact
        case .full: .full
        case .offdiagonal: .offdiagonal
        case .symmetric: .symmetric
        }
    }

    /// Nil for `exact`.
    public var coding: BlockCoding? {
        switch self {
        case .exact: nil
        case .full(let coding), .offdiagonal(let coding), .symmetric(let coding): coding
        }
    }
}
