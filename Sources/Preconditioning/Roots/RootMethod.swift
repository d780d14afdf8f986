import Compute
import MatrixCore

/// A root (A + ε·λmax·I)^(-p) to be taken of a decoded statistic, and how.
public struct RootMethod: Sendable {
    public let solver: RootSolver
    /// p.
    public let exponent: Double
    /// ε, as far as it is still to be added.
    public let damping: Double
    /// For the eigenvalues that the solver `eigen` finds; kept ones are taken as they are.
    public let rule: IndefiniteRule
    /// At most so many steps of power iteration and of Schur–Newton.
    public let iterations: Int

    /// - Precondition: the exponent is 1 over an integer where the solver is `schurNewton`.
    public init(
        _ solver: RootSolver, exponent: Double, damping: Double, rule: IndefiniteRule = .absolute, iterations: Int = 10
    ) {
        self.solver = solver
        self.exponent = exponent
        self.damping = damping
        self.rule = rule
        self.iterations = iterations
    }

    /// The root. An iteration that has not reached its tolerance in the steps it is given is taken as it stands, as
    /// published; 10 steps lift directions with λ < 1e-4·λmax only part of the way.
    ///
    /// - Parameters:
    ///   - largest: λmax for the iteration's damping; estimated by power iteration if not given.
    ///   - generator: for the start of that power iteration.
    /// - Throws: `DecompositionError.noConvergence`.
    /// - Precondition: the statistic has factors where the solver is `factored`.
    public func root<Backend: MatrixBackend>(
        of statistic: DecodedStatistic<Backend>, largestEigenvalue largest: Backend.Scalar? = nil,
        using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) throws(DecompositionError) -> RootRecord<Backend> {
        switch solver {
        case .factored:
            guard case .factors(let eigenvalues, let vectors, _) = statistic else {
                preconditionFailure("the factors of a statistic kept by its entries")
            }
            let root = factoredRoot(
                vectors: vectors, eigenvalues: eigenvalues, exponent: exponent, damping: damping, backend)
            return RootRecord(finite(root, eigenvalues, backend), eigenvalues: eigenvalues)
        case .eigen: return try decomposedRoot(of: statistic, backend)
        case .schurNewton: return iteratedRoot(of: statistic, largest, using: &generator, backend)
        }
    }

    private func decomposedRoot<Backend: MatrixBackend>(
        of statistic: DecodedStatistic<Backend>, _ backend: Backend
    ) throws(DecompositionError) -> RootRecord<Backend> {
        let matrix = statistic.matrix(backend)
        let a = statistic.isSymmetric ? matrix : backend.symmetrize(matrix)
        guard backend.largestMagnitude(a).isFinite else {
            return RootRecord(.failure(.statisticNotFinite), eigenvalues: nil)
        }
        let result = try eigenRoot(a, exponent: exponent, damping: damping, rule: rule, backend)
        return RootRecord(finite(result.root, result.eigenvalues, backend), eigenvalues: result.eigenvalues)
    }

    private func iteratedRoot<Backend: MatrixBackend>(
        of statistic: DecodedStatistic<Backend>, _ largest: Backend.Scalar?,
        using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) -> RootRecord<Backend> {
        guard let p = rootOrder(exponent: exponent) else {
            preconditionFailure("Schur–Newton for the exponent \(exponent)")
        }
        let a = statistic.matrix(backend)
        let scale = largest ?? largestEigenvalue(a, iterations: iterations, using: &generator, backend)
        guard scale.isFinite else { return RootRecord(.failure(.statisticNotFinite), eigenvalues: nil) }
        let shift = Backend.Scalar(damping) * scale
        let record = schurNewtonRoot(
            a, p: p, shift: shift, isSymmetric: statistic.isSymmetric, iterations: iterations, backend)
        return RootRecord(record, shift: shift, backend)
    }

    private func finite<Backend: MatrixBackend>(
        _ root: Backend.Tensor?, _ eigenvalues: Backend.Vector, _ backend: Backend
    ) -> Result<Backend.Tensor, RootError> {
        guard let root, backend.largestMagnitude(root).isFinite else {
            let smallest = backend.values(of: eigenvalues).min() ?? 0
            return .failure(.noFinitePower(smallestEigenvalue: Double(smallest)))
        }
        return .success(root)
    }
}
