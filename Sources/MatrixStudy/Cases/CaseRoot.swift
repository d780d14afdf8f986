import CPUBackend
import MatrixCore
import Preconditioning

/// A^(-p) as it comes from a stored statistic, and how that ended.
struct CaseRoot: Sendable {
    /// nil where the outcome is `failed` or `notPositiveDefinite`.
    var root: Matrix<Double>?
    /// Of the decoded statistic, before damping.
    var minimumEigenvalue: Double?
    var orthogonalityDefect: Double?
    var offdiagonalResidual: Double?
    /// The root that the statistic's storage keeps, which is the one in use where it is shared.
    var keptRoot: Matrix<Double>?
    /// Of a statistic whose bytes depend on the matrix.
    var byteCount: Int?
    var outcome: Outcome
    /// A bound of ‖X − (B + εI)^(-p)‖F for the root X of the decoded B, roundings of a decomposition in double aside: not 0 where X
    /// comes from a decomposition that other cases share.
    var rootError = 0.0
    /// Why there is no root, for the log.
    var reason: String?

    /// The way of a case from the statistic to its root. What the mathematics refuses is an outcome, not an error.
    ///
    /// - Parameter decomposition: that of another contraction, to take the root from if its bound allows.
    init(
        _ statistic: StatisticCase, _ subject: StudySubject, rule: IndefiniteRule, arithmetic: Arithmetic,
        _ shared: SharedVectors, _ decomposition: SharedDecomposition?, _ backend: CPUBackend<Double>
    ) {
        do {
            let studied = try statistic.studied(subject, shared, backend)
            switch arithmetic {
            case .float64:
                let sharing = decomposition?.root(
                    of: studied, subject.scaling(contraction: statistic.contraction), exponent: statistic.exponent, rule: rule)
                self = try sharing ?? CaseSolver(statistic: statistic, rule: rule, backend: backend).root(of: studied)
            case .float32:
                self = try CaseSolver(statistic: statistic, rule: rule, backend: CPUBackend<Float>()).root(of: studied)
            }
            keptRoot = studied.keptRoot
            offdiagonalResidual = studied.offdiagonalResidual
            byteCount = studied.byteCount
        } catch DecompositionError.notPositiveDefinite(let minor) {
            self.init(
                outcome: .notPositiveDefinite,
                reason: "no Cholesky factor: the leading minor of order \(minor) is not positive")
        } catch {
            self.init(outcome: .failed, reason: "\(error)")
        }
    }

    init(
        root: Matrix<Double>? = nil, minimumEigenvalue: Double? = nil, outcome: Outcome, reason: String? = nil,
        rootError: Double = 0
    ) {
        self.root = root
        self.minimumEigenvalue = minimumEigenvalue
        self.outcome = outcome
        self.reason = reason
        self.rootError = rootError
    }
}
