import CPUBackend
import LinearAlgebra
import MatrixCore
import Preconditioning

/// The root of a decoded statistic by a case's solver, in the arithmetic of the backend.
///
/// In float32 the solver runs as the optimizer runs it: λmax is estimated by power iteration, and Schur–Newton takes the
/// decoded entries as they are, although those of blocks along rows are not symmetric. In double it has the exact λmax and the
/// symmetrized matrix, so that beside `eigen` the row shows the iteration's own error.
struct RootSolution<Scalar: LAPACKScalar> {
    let statistic: StatisticCase
    let rule: IndefiniteRule
    let backend: CPUBackend<Scalar>

    private var isOptimizers: Bool { Scalar.self == Float.self }

    /// - Throws: `DecompositionError`, or `SinglePrecisionError` where the solver's arithmetic has no place for the statistic.
    func root(of decoded: DecodedStatistic) throws -> StoredRoot {
        switch decoded {
        case .entries(let matrix, let damping, let isSymmetric):
            return try root(of: matrix, damping: damping, isSymmetric: isSymmetric)
        case .factors(let vectors, let eigenvalues, let areOrthonormal, let defect):
            let isFactored: Bool
            switch statistic.solver {
            case .factored: isFactored = true
            // The power of V·Λ·Vᵀ is the factored one where V is orthogonal to rounding: no need to decompose it again.
            case .eigen: isFactored = areOrthonormal
            case .schurNewton: isFactored = false
            }
            var result = isFactored ? try factored(vectors, eigenvalues) : try root(of: vectors, eigenvalues)
            result.orthogonalityDefect = defect
            return result
        }
    }

    private func factored(_ vectors: Matrix<Double>, _ eigenvalues: [Double]) throws -> StoredRoot {
        if isOptimizers { try requireSinglePrecision(Matrix(diagonal: [eigenvalues.largestMagnitude])) }
        let root = rule.apply(to: eigenvalues).flatMap {
            factoredRoot(
                vectors: Matrix<Scalar>(vectors), eigenvalues: $0.map { Scalar($0) }, exponent: statistic.exponent,
                damping: statistic.damping, backend)
        }
        return record(root, eigenvalues, damping: statistic.damping)
    }

    /// Of V·Diag(λ)·Vᵀ for vectors that are only nearly orthogonal.
    private func root(of vectors: Matrix<Double>, _ eigenvalues: [Double]) throws -> StoredRoot {
        let least = eigenvalues.min() ?? 0
        guard let accepted = rule.apply(to: eigenvalues) else { return record(nil, eigenvalues, damping: 0) }
        let halves = vectors.scalingColumns(by: accepted.map { $0.squareRoot() })
        var result = try root(
            of: CPUBackend<Double>().symmetricProduct(halves, transposed: false, alpha: 1), damping: statistic.damping,
            isSymmetric: true)
        if least <= 0 {
            // The rule has already mended the kept eigenvalues; the row still says what they were.
            result.outcome = result.outcome.orWorse(.indefinite)
            result.minimumEigenvalue = least
        }
        return result
    }

    private func root(of matrix: Matrix<Double>, damping: Double, isSymmetric: Bool) throws -> StoredRoot {
        if isOptimizers { try requireSinglePrecision(matrix) }
        let symmetric = isSymmetric ? matrix : matrix.symmetrized
        guard statistic.solver == .schurNewton else {
            let result = try eigenRoot(
                Matrix<Scalar>(symmetric), exponent: statistic.exponent, damping: damping, rule: rule, backend)
            return record(result.root, result.eigenvalues.map { Double($0) }, damping: damping)
        }
        // Of the decoded statistic, whatever the solver makes of it: the row says how it was.
        let values = try symmetricEigen(symmetric).values
        if rule == .fail && values.contains(where: { $0 <= 0 }) { return record(nil, values, damping: damping) }
        let iteration =
            isOptimizers
            ? iteratedRoot(matrix, damping: damping, isSymmetric: isSymmetric)
            : iteratedRoot(symmetric, damping: damping, isSymmetric: false, largest: values.largestMagnitude)
        // Of a matrix of zeros there is no first iterate, and no residual.
        var result = record(iteration.residual.isFinite ? iteration.root : nil, values, damping: damping)
        if !iteration.hasConverged { result.outcome = result.outcome.orWorse(.notConverged) }
        return result
    }

    /// - Parameters:
    ///   - isSymmetric: whether the iteration may rely on it, as the optimizer's does and the published one does not.
    ///   - largest: λmax for the damping, estimated if not given.
    private func iteratedRoot(
        _ matrix: Matrix<Double>, damping: Double, isSymmetric: Bool, largest: Double? = nil
    ) -> IterationRecord<CPUBackend<Scalar>> {
        iterativeRoot(
            Matrix<Scalar>(matrix), exponent: statistic.exponent, damping: damping, isSymmetric: isSymmetric,
            largest: largest.map { Scalar($0) }, backend)
    }

    private func record(_ root: Matrix<Scalar>?, _ eigenvalues: [Double], damping: Double) -> StoredRoot {
        let least = eigenvalues.min() ?? 0
        guard let root, root.largestMagnitude.isFinite else {
            return StoredRoot(
                minimumEigenvalue: least, outcome: .failed,
                reason: "the smallest eigenvalue, \(least), has no finite power under the rule '\(rule.rawValue)'")
        }
        var outcome: Outcome = least <= 0 ? .indefinite : .ok
        if isSingularToWorkingPrecision(eigenvalues, damping: damping) { outcome = outcome.orWorse(.illConditioned) }
        return StoredRoot(root: Matrix<Double>(root), minimumEigenvalue: least, outcome: outcome)
    }
}

/// The optimizer's Schur–Newton iteration on A + ε·λmax·I.
///
/// - Parameter largest: λmax; estimated by power iteration from a start vector that is always the same, if not given.
/// - Precondition: the exponent is 1 over an integer.
func iterativeRoot<Scalar: LAPACKScalar>(
    _ matrix: Matrix<Scalar>, exponent: Double, damping: Double, isSymmetric: Bool, largest: Scalar? = nil,
    _ backend: CPUBackend<Scalar>
) -> IterationRecord<CPUBackend<Scalar>> {
    guard let p = rootOrder(exponent: exponent) else {
        preconditionFailure("Schur–Newton for the exponent \(exponent)")
    }
    var generator = PhiloxGenerator(seed: 0)
    let scale = largest ?? largestEigenvalue(matrix, order: matrix.order, using: &generator, backend)
    return schurNewtonRoot(
        matrix, order: matrix.order, p: p, shift: Scalar(damping) * scale, isSymmetric: isSymmetric, backend)
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
