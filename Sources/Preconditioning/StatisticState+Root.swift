import Compute
import MatrixCore

/// A root that could not be taken.
public enum RootError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The statistic has an eigenvalue that the rule refuses or that has no finite power.
    case noFinitePower(smallestEigenvalue: Double)
    /// The iteration ended in numbers that are not finite; its residual was `residual`.
    case notFinite(iterations: Int, residual: Double)
    /// λmax of the statistic is not finite.
    case statisticNotFinite

    public var description: String {
        switch self {
        case .noFinitePower(let value): "the eigenvalue \(value) of the statistic has no finite power"
        case .notFinite(let iterations, let residual):
            "the iteration for the root is not finite after \(iterations) steps, residual \(residual)"
        case .statisticNotFinite: "the statistic is not finite"
        }
    }
}

extension StatisticState {
    /// (A + ε·λmax·I)^(-p) of the decoded statistic by the scheme's solver, finite.
    ///
    /// An iteration that has not reached its tolerance in the steps it is given is taken as it stands, as published;
    /// 10 steps lift directions with λ < 1e-4·λmax only part of the way. With `retainsDamping` the damping stays in a
    /// statistic that is kept as it is.
    ///
    /// - Throws: `RootError` or `DecompositionError`.
    public mutating func root(
        using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) throws -> Backend.Tensor {
        switch scheme.solver {
        case .factored: try factoredRoot(backend)
        case .eigen: try decomposedRoot(backend)
        case .schurNewton: try iteratedRoot(using: &generator, backend)
        }
    }

    private func factoredRoot(_ backend: Backend) throws(RootError) -> Backend.Tensor {
        let (eigenvalues, vectors) = factors(rectificationSteps: scheme.rootRectificationSteps, backend)
        let root = Preconditioning.factoredRoot(
            vectors: vectors, eigenvalues: eigenvalues.map { Backend.Scalar($0) }, exponent: scheme.exponent,
            damping: scheme.damping, backend)
        return try finite(root, smallest: eigenvalues.min().map { Double($0) } ?? 0, backend)
    }

    private func decomposedRoot(_ backend: Backend) throws -> Backend.Tensor {
        let a = backend.symmetrize(decoded(rectificationSteps: scheme.rootRectificationSteps, backend))
        guard backend.largestMagnitude(a).isFinite else { throw RootError.statisticNotFinite }
        let result = try eigenRoot(
            a, exponent: scheme.exponent, damping: remainingDamping, rule: scheme.indefinite, backend)
        return try finite(result.root, smallest: result.eigenvalues.first.map { Double($0) } ?? 0, backend)
    }

    private mutating func iteratedRoot(
        using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) throws -> Backend.Tensor {
        if scheme.keepsUnitRoot(order: order) { return backend.tensor(.identity(1)) }
        let a = decoded(rectificationSteps: scheme.rootRectificationSteps, backend)
        let largest = largestEigenvalue(a, order: order, iterations: scheme.iterations, using: &generator, backend)
        guard largest.isFinite else { throw RootError.statisticNotFinite }
        guard let p = rootOrder(exponent: scheme.exponent) else {
            preconditionFailure("Schur–Newton for the exponent \(scheme.exponent)")
        }
        let shift = Backend.Scalar(remainingDamping) * largest
        let record = schurNewtonRoot(
            a, order: order, p: p, shift: shift, isSymmetric: decodesSymmetrically, iterations: scheme.iterations, backend)
        guard record.residual.isFinite, backend.largestMagnitude(record.root).isFinite else {
            throw RootError.notFinite(iterations: record.iterations, residual: Double(record.residual))
        }
        if scheme.retainsDamping, case .entries(let stored) = kept, stored.isExact {
            kept = .entries(try StoredMatrix(backend.addToDiagonal(a, shift), storage: .exact, backend: backend))
        }
        return record.root
    }

    /// Whether a decoded statistic equals its transpose: not where blocks run along whole rows.
    private var decodesSymmetrically: Bool {
        if case .entries(let stored) = kept { stored.isSymmetric } else { true }
    }

    /// What is still to be added: a Cholesky factor with a relative shift has it already.
    private var remainingDamping: Double {
        if case .cholesky = kept, !scheme.shiftsAbsolutely { 0 } else { scheme.damping }
    }

    private func finite(
        _ root: Backend.Tensor?, smallest: Double, _ backend: Backend
    ) throws(RootError) -> Backend.Tensor {
        guard let root, backend.largestMagnitude(root).isFinite else {
            throw .noFinitePower(smallestEigenvalue: smallest)
        }
        return root
    }
}
