/// How a case ended, from the best to the worst. Of several that apply to a case, its row names the worst, whatever the
/// storage and the solver.
public enum Outcome: String, Sendable, CaseIterable {
    case ok
    /// The iteration stopped short of its tolerance; the errors are those of where it stopped.
    case notConverged = "not_converged"
    /// The decoded statistic has an eigenvalue that is not positive; the rule for it was applied.
    case indefinite
    /// The matrix or the decoded statistic, damped, is singular to working precision: its smallest eigenvalue is below
    /// n·2^-53 of the largest in magnitude, so that the errors are those of rounding, not of storage.
    case illConditioned = "ill_conditioned"
    /// There is no finite root, the rule refused it, or float32 has no place for it.
    case failed
    /// There is no Cholesky factor to store.
    case notPositiveDefinite = "not_positive_definite"

    /// The worse of two.
    func orWorse(_ other: Outcome) -> Outcome { severity >= other.severity ? self : other }

    private var severity: Int { Outcome.allCases.firstIndex(of: self) ?? 0 }
}
