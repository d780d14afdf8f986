import Compute
import MatrixCore

/// Where the way to a root ended: the root, and what was learned on the way.
public struct RootRecord<Backend: MatrixBackend>: Sendable {
    /// Finite; nil where there is none, and `failure` says why.
    public let root: Backend.Tensor?
    public let failure: RootError?
    /// Of the statistic before damping: those that were kept, or those of the solver's decomposition, ascending; nil where
    /// the solver finds none.
    public let eigenvalues: Backend.Vector?
    /// Of an iteration: its steps, max |M − I| at its end, and whether that met its tolerance. Closed forms have converged
    /// without a step.
    public let iterations: Int
    public let residual: Backend.Scalar
    public let hasConverged: Bool
    /// What the iteration added to the diagonal, ε·λmax.
    public let shift: Backend.Scalar

    /// A closed form, or why there is none.
    init(_ found: Result<Backend.Tensor, RootError>, eigenvalues: Backend.Vector?) {
        root = try? found.get()
        if case .failure(let error) = found { failure = error } else { failure = nil }
        self.eigenvalues = eigenvalues
        (iterations, residual, hasConverged, shift) = (0, 0, root != nil, 0)
    }

    /// An iteration, as it stands.
    init(_ iteration: IterationRecord<Backend>, shift: Backend.Scalar, _ backend: Backend) {
        let isFinite = iteration.residual.isFinite && backend.largestMagnitude(iteration.root).isFinite
        root = isFinite ? iteration.root : nil
        failure =
            isFinite ? nil : .notFinite(iterations: iteration.iterations, residual: Double(iteration.residual))
        eigenvalues = nil
        (iterations, residual, hasConverged) = (iteration.iterations, iteration.residual, iteration.hasConverged)
        self.shift = shift
    }
}

/// Why there is no root.
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
