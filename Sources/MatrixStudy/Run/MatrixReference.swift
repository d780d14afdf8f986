import GSLReference
import IndependentProduct
import LinearAlgebra
import MatrixCore

extension ReferenceSolver {
    /// Q·Diag(d)·Qᵀ: the judge's own product where it is independent, BLAS's where it is not and may be fast.
    fileprivate var symmetricProduct: @Sendable (Matrix<Double>, [Double]) -> Matrix<Double> {
        switch self {
        case .gsl: { independentSymmetricProduct($0, diagonal: $1) }
        case .lapack: { LinearAlgebra.symmetricProduct($0.scalingColumns(by: $1.map { $0.squareRoot() })) }
        }
    }
}

/// The reference roots of one matrix: one decomposition, and for every contraction, damping and exponent the root while
/// cases wait for it.
actor MatrixReference {
    /// What a target of the study is measured against.
    struct Target: Sendable {
        /// nil where there is no finite power.
        let root: Matrix<Double>?
        let conditionNumber: Double
        /// Whether rounding errors decide the root in some direction.
        let isIllConditioned: Bool
        let residual: Double?
    }

    struct Key: Hashable {
        let contraction: Double?
        let damping: Double
        let exponent: Double

        init(_ statistic: StatisticCase) {
            contraction = statistic.contraction
            damping = statistic.damping
            exponent = statistic.exponent
        }
    }

    private let decomposition: Task<ReferenceDecomposition, any Error>
    private let solver: ReferenceSolver
    private let permits: Permits
    private var remainingUses: [Key: Int] = [:]
    private var targets: [Key: Task<Target, any Error>] = [:]

    init(
        decomposition: Task<ReferenceDecomposition, any Error>, solver: ReferenceSolver, cases: [StatisticCase],
        permits: Permits
    ) {
        self.decomposition = decomposition
        self.solver = solver
        self.permits = permits
        for statistic in cases { remainingUses[Key(statistic), default: 0] += 1 }
    }

    /// The target of a case; the caller ends its use with `release`.
    func target(of statistic: StatisticCase, leastEigenvalue: Double) async throws -> Target {
        let key = Key(statistic)
        if let known = targets[key] { return try await known.value }
        let (decomposition, solver, permits) = (decomposition, solver, permits)
        let task = Task {
            let whole = try await decomposition.value
            return await permits.holding {
                let contracted =
                    contractionFactor(key.contraction).map { whole.contracted(by: $0, toward: leastEigenvalue) } ?? whole
                // A singular matrix has no root to measure against; its rows say so by their outcome.
                return Target(
                    root: try? contracted.inversePower(
                        exponent: key.exponent, damping: key.damping, symmetricProduct: solver.symmetricProduct),
                    conditionNumber: contracted.conditionNumber,
                    isIllConditioned: isSingularToWorkingPrecision(
                        contracted.decomposition.eigenvalues, damping: key.damping),
                    residual: try? contracted.residualBound(exponent: key.exponent, damping: key.damping))
            }
        }
        targets[key] = task
        return try await task.value
    }

    /// Ends one use; the root is dropped after its last.
    func release(_ statistic: StatisticCase) {
        let key = Key(statistic)
        remainingUses[key, default: 1] -= 1
        if remainingUses[key] == 0 { targets[key] = nil }
    }
}
