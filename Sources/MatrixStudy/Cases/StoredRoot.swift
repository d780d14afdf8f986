import CPUBackend
import MatrixCore
import Preconditioning

/// How a case ended.
public enum Outcome: String, Sendable {
    case ok
    /// The decoded statistic has an eigenvalue that is not positive; the rule for it was applied.
    case indefinite
    /// The matrix or the decoded statistic, damped, is singular to working precision: its smallest eigenvalue is below
    /// n·2^-53 of the largest in magnitude, so that the errors are those of rounding, not of storage.
    case illConditioned = "ill_conditioned"
    /// There is no Cholesky factor to store.
    case notPositiveDefinite = "not_positive_definite"
    /// The iteration stopped short of its tolerance; the errors are those of where it stopped.
    case notConverged = "not_converged"
    /// There is no finite root, or the rule refused it.
    case failed
}

/// A^(-p) as it comes from a stored statistic.
struct StoredRoot: Sendable {
    /// nil where the outcome is `failed` or `notPositiveDefinite`.
    var root: Matrix<Double>?
    /// Of the decoded statistic, before damping.
    var minimumEigenvalue: Double?
    var orthogonalityDefect: Double?
    var outcome: Outcome
    /// Why there is no root, for the log.
    var reason: String?

    /// The way of a case from the statistic to its root. What the mathematics refuses is an outcome, not an error.
    init(
        _ statistic: StatisticCase, _ subject: StudySubject, rule: IndefiniteRule, _ vectors: DecodedVectors,
        _ backend: CPUBackend<Double>
    ) {
        do {
            let solution = RootSolution(statistic: statistic, rule: rule, backend: backend)
            self = try solution.root(of: statistic.decoded(subject, vectors, backend))
        } catch DecompositionError.notPositiveDefinite(let minor) {
            self.init(
                outcome: .notPositiveDefinite,
                reason: "no Cholesky factor: the leading minor of order \(minor) is not positive")
        } catch {
            self.init(outcome: .failed, reason: "\(error)")
        }
    }

    fileprivate init(
        root: Matrix<Double>? = nil, minimumEigenvalue: Double? = nil, outcome: Outcome, reason: String? = nil
    ) {
        self.root = root
        self.minimumEigenvalue = minimumEigenvalue
        self.outcome = outcome
        self.reason = reason
    }
}

/// The root of a decoded statistic by a case's solver.
private struct RootSolution {
    let statistic: StatisticCase
    let rule: IndefiniteRule
    let backend: CPUBackend<Double>

    func root(of decoded: DecodedStatistic) throws -> StoredRoot {
        switch decoded {
        case .entries(let matrix, let damping):
            return try root(of: matrix, damping: damping)
        case .factors(let vectors, let eigenvalues, let areOrthonormal, let defect):
            let isFactored: Bool
            switch statistic.solver {
            case .factored: isFactored = true
            // The power of V·Λ·Vᵀ is the factored one where V is orthogonal to rounding: no need to decompose it again.
            case .eigen: isFactored = areOrthonormal
            case .schurNewton: isFactored = false
            }
            var result = isFactored ? factored(vectors, eigenvalues) : try root(of: vectors, eigenvalues)
            result.orthogonalityDefect = defect
            return result
        }
    }

    private func factored(_ vectors: Matrix<Double>, _ eigenvalues: [Double]) -> StoredRoot {
        let root = rule.apply(to: eigenvalues).flatMap {
            factoredRoot(
                vectors: vectors, eigenvalues: $0, exponent: statistic.exponent, damping: statistic.damping, backend)
        }
        return record(root, eigenvalues, damping: statistic.damping)
    }

    /// Of V·Diag(λ)·Vᵀ for vectors that are only nearly orthogonal.
    private func root(of vectors: Matrix<Double>, _ eigenvalues: [Double]) throws -> StoredRoot {
        let least = eigenvalues.min() ?? 0
        guard let accepted = rule.apply(to: eigenvalues) else { return record(nil, eigenvalues, damping: 0) }
        let halves = backend.scaleColumns(vectors, by: accepted.map { $0.squareRoot() })
        var result = try root(
            of: backend.symmetricProduct(halves, transposed: false, alpha: 1), damping: statistic.damping)
        if least <= 0 {
            // The rule has already mended the kept eigenvalues; the row still says what they were.
            if result.outcome == .ok { result.outcome = .indefinite }
            result.minimumEigenvalue = least
        }
        return result
    }

    private func root(of matrix: Matrix<Double>, damping: Double) throws -> StoredRoot {
        if statistic.solver == .schurNewton { return try iteratedRoot(of: matrix, damping: damping) }
        let result = try eigenRoot(matrix, exponent: statistic.exponent, damping: damping, rule: rule, backend)
        return record(result.root, result.eigenvalues, damping: damping)
    }

    /// By the optimizer's iteration. λmax for the damping is exact, so that the row shows the iteration's own error.
    private func iteratedRoot(of matrix: Matrix<Double>, damping: Double) throws -> StoredRoot {
        let values = try backend.symmetricEigen(matrix).values
        let least = values.first ?? 0
        if rule == .fail && least <= 0 { return record(nil, values, damping: damping) }
        guard let p = rootOrder(exponent: statistic.exponent) else {
            preconditionFailure("Schur–Newton for the exponent \(statistic.exponent)")
        }
        let largest = max(least.magnitude, (values.last ?? 0).magnitude)
        let iteration = schurNewtonRoot(matrix, order: matrix.order, p: p, shift: damping * largest, backend)
        var result = record(iteration.root, values, damping: damping)
        if !iteration.hasConverged && result.outcome == .ok { result.outcome = .notConverged }
        return result
    }

    private func record(_ root: Matrix<Double>?, _ eigenvalues: [Double], damping: Double) -> StoredRoot {
        let least = eigenvalues.min() ?? 0
        guard let root, root.largestMagnitude.isFinite else {
            return StoredRoot(
                minimumEigenvalue: least, outcome: .failed,
                reason: "the smallest eigenvalue, \(least), has no finite power under the rule '\(rule.rawValue)'")
        }
        let outcome: Outcome =
            isSingularToWorkingPrecision(eigenvalues, damping: damping)
            ? .illConditioned : least <= 0 ? .indefinite : .ok
        return StoredRoot(root: root, minimumEigenvalue: least, outcome: outcome)
    }
}

/// Whether min |λ| + ε·max |λ| is below n·2^-53·max |λ|, where the rounding errors of a decomposition are as large.
func isSingularToWorkingPrecision(_ eigenvalues: [Double], damping: Double) -> Bool {
    let largest = eigenvalues.reduce(0) { max($0, $1.magnitude) }
    let smallest = eigenvalues.reduce(largest) { min($0, $1.magnitude) }
    return smallest + damping * largest < Double(eigenvalues.count) * 0x1p-53 * largest
}
