import MatrixCore

/// What becomes of eigenvalues that are not positive, which coding can leave behind.
public enum IndefiniteRule: String, Sendable, Codable, CaseIterable {
    /// |λ|, which is the paper's convention: it defines powers by the singular value decomposition.
    case absolute
    /// λ below 2^-24·max|λ|, the rounding error of float32 storage, is raised to it.
    case clamp
    /// No root.
    case fail

    /// The eigenvalues to go on with, or nil where the rule refuses them.
    public func apply<Scalar: MatrixScalar>(to eigenvalues: [Scalar]) -> [Scalar]? {
        switch self {
        case .absolute:
            return eigenvalues.map(\.magnitude)
        case .clamp:
            let floor = eigenvalues.reduce(0) { max($0, $1.magnitude) } / Scalar(1 << 24)
            return eigenvalues.map { max($0, floor) }
        case .fail:
            return eigenvalues.allSatisfy { $0 > 0 } ? eigenvalues : nil
        }
    }
}
