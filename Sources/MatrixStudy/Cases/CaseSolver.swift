import CPUBackend
import LinearAlgebra
import MatrixCore
import Preconditioning

/// The root of a decoded statistic by a case's solver, in the arithmetic of the backend.
///
/// In float32 the solver runs as the optimizer runs it: λmax is estimated by power iteration, and Schur–Newton takes the
/// decoded entries as they are, although those of blocks along rows are not symmetric. In double it has the exact λmax and the
/// symmetrized matrix, so that beside `eigen` the row shows the iteration's own error. The rule for eigenvalues that are not
/// positive mends kept ones before the solver meets them.
struct CaseSolver<Scalar: LAPACKScalar> {
    let statistic: StatisticCase
    let rule: IndefiniteRule
    let backend: CPUBackend<Scalar>

    private var isOptimizers: Bool { Scalar.self == Float.self }

    /// - Throws: `DecompositionError`, or `SinglePrecisionError` where the solver's arithmetic has no place for the statistic.
    func root(of studied: StudiedStatistic) throws -> CaseRoot {
        switch studied.decoded {
        case .entries(let matrix, let isSymmetric):
            return try root(of: matrix, damping: studied.damping, isSymmetric: isSymmetric)
        case .factors(let eigenvalues, let vectors, let areOrthonormal):
            // The power of V·Λ·Vᵀ is the factored one where V is orthogonal to rounding: no need to decompose it again.
            let isFactored = statistic.solver == .factored || statistic.solver == .eigen && areOrthonormal
            var result =
                isFactored
                ? try factoredRoot(vectors, eigenvalues, damping: studied.damping)
                : try multipliedRoot(vectors, eigenvalues, damping: studied.damping)
            result.orthogonalityDefect = studied.orthogonalityDefect
            return result
        }
    }

    private func factoredRoot(
        _ vectors: Matrix<Double>, _ eigenvalues: [Double], damping: Double
    ) throws -> CaseRoot {
        if isOptimizers { try requireSinglePrecision(Matrix(diagonal: [eigenvalues.largestMagnitude])) }
        guard let accepted = rule.apply(to: eigenvalues, CPUBackend<Double>()) else {
            return record(nil, eigenvalues, damping: damping)
        }
        let result = try solve(
            .factored,
            .factors(
                eigenvalues: accepted.map { Scalar($0) }, vectors: Matrix<Scalar>(vectors), areOrthonormal: true),
            damping: damping)
        return record(result.root, eigenvalues, damping: damping)
    }

    /// Of V·Diag(λ)·Vᵀ for vectors that are only nearly orthogonal.
    private func multipliedRoot(
        _ vectors: Matrix<Double>, _ eigenvalues: [Double], damping: Double
    ) throws -> CaseRoot {
        let least = eigenvalues.min() ?? 0
        let double = CPUBackend<Double>()
        guard let accepted = rule.apply(to: eigenvalues, double) else { return record(nil, eigenvalues, damping: 0) }
        let halves = vectors.scalingColumns(by: accepted.map { $0.squareRoot() })
        var result = try root(
            of: double.symmetricProduct(halves, transposed: false, alpha: 1), damping: damping,
            isSymmetric: true)
        if least <= 0 {
            // The rule has already mended the kept eigenvalues; the row still says what they were.
            result.outcome = result.outcome.orWorse(.indefinite)
            result.minimumEigenvalue = least
        }
        return result
    }

    private func root(of matrix: Matrix<Double>, damping: Double, isSymmetric: Bool) throws -> CaseRoot {
        if isOptimizers { try requireSinglePrecision(matrix) }
        let symmetric = isSymmetric ? matrix : matrix.symmetrized
        guard statistic.solver == .schurNewton else {
            let result = try solve(.eigen, .entries(Matrix<Scalar>(symmetric), isSymmetric: true), damping: damping)
            return record(result.root, (result.eigenvalues ?? []).map { Double($0) }, damping: damping)
        }
        // Of the decoded statistic, whatever the solver makes of it: the row says how it was.
        let values = try symmetricEigen(symmetric).values
        if rule == .fail && values.contains(where: { $0 <= 0 }) { return record(nil, values, damping: damping) }
        // The published iteration does not rely on a symmetric matrix; the optimizer's does.
        let iteration =
            isOptimizers
            ? try solve(.schurNewton, .entries(Matrix<Scalar>(matrix), isSymmetric: isSymmetric), damping: damping)
            : try solve(
                .schurNewton, .entries(Matrix<Scalar>(symmetric), isSymmetric: false), damping: damping,
                largest: Scalar(values.largestMagnitude))
        var result = record(iteration.root, values, damping: damping)
        if !iteration.hasConverged { result.outcome = result.outcome.orWorse(.notConverged) }
        return result
    }

    private func solve(
        _ solver: RootSolver, _ decoded: DecodedStatistic<CPUBackend<Scalar>>, damping: Double, largest: Scalar? = nil
    ) throws -> RootRecord<CPUBackend<Scalar>> {
        // A start vector that is always the same.
        var generator = PhiloxGenerator(seed: 0)
        return try RootMethod(solver, exponent: statistic.exponent, damping: damping, rule: rule).root(
            of: decoded, largestEigenvalue: largest, using: &generator, backend)
    }

    private func record(_ root: Matrix<Scalar>?, _ eigenvalues: [Double], damping: Double) -> CaseRoot {
        let least = eigenvalues.min() ?? 0
        guard let root else {
            return CaseRoot(
                minimumEigenvalue: least, outcome: .failed,
                reason: "the smallest eigenvalue, \(least), has no finite power under the rule '\(rule.rawValue)'")
        }
        var outcome: Outcome = least <= 0 ? .indefinite : .ok
        if isSingularToWorkingPrecision(eigenvalues, damping: damping) { outcome = outcome.orWorse(.illConditioned) }
        return CaseRoot(root: Matrix<Double>(root), minimumEigenvalue: least, outcome: outcome)
    }
}

/// Whether min |λ| + ε·max |λ| is below n·2^-53·max |λ|, where the rounding errors of a decomposition are as large.
func isSingularToWorkingPrecision(_ eigenvalues: [Double], damping: Double) -> Bool {
    let largest = eigenvalues.largestMagnitude
    let smallest = eigenvalues.reduce(largest) { min($0, $1.magnitude) }
    return smallest + damping * largest < Double(eigenvalues.count) * 0x1p-53 * largest
}

extension [Double] {
    var largestMagnitude: Double { reduce(0) { Swift.max($0, $1.magnitude) } }
}
