/// A matrix decomposition that the mathematics or the iteration refuses.
public enum DecompositionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The leading principal minor of this order is not positive, so there is no Cholesky factor.
    case notPositiveDefinite(leadingMinor: Int)
    /// An iterative routine gave up; `code` is what it returned.
    case noConvergence(routine: String, code: Int)

    public var description: String {
        switch self {
        case .notPositiveDefinite(let minor):
            "the matrix is not positive definite: its leading minor of order \(minor) is not positive"
        case .noConvergence(let routine, let code):
            "\(routine) did not converge (code \(code))"
        }
    }
}
