import Compute
import Foundation
import MatrixCore

/// A statistic that is kept as its root R = (A + δI)^(-p), δ = ε·λmax, and comes back as R^(-1/p) − δI.
protocol RootKeepingStatistic<Backend>: KeptStatistic {
    var use: StatisticUse { get }

    /// Keeps the root of another A in the place of this one.
    ///
    /// - Parameters:
    ///   - eigenvalues: of A, not negative.
    ///   - vectors: its eigenvectors, a column each.
    /// - Throws: what the form of the root throws, or `RootError.noFinitePower`; the statistic is then as before.
    mutating func replace(eigenvalues: Backend.Vector, vectors: Backend.Tensor, _ backend: Backend) throws
}

extension RootKeepingStatistic {
    /// The root of the new A by a whole decomposition.
    @discardableResult
    mutating func update(
        with moment: Backend.Tensor, by scheme: PreconditionerScheme, using generator: inout some RandomNumberGenerator,
        _ backend: Backend
    ) throws -> StatisticUpdate<Backend>? {
        let decoded = try decodedStatistic(rectificationSteps: 0, backend).matrix(backend)
        guard let a = try scheme.blended(decoded, of: self, with: moment, backend) else { return nil }
        let (eigenvalues, vectors) = try backend.semidefiniteEigen(a)
        try replace(eigenvalues: eigenvalues, vectors: vectors, backend)
        return StatisticUpdate(a)
    }
}

extension StatisticUse {
    /// λmax of A: (1 + ε)·λmax is the power −1/p of the least eigenvalue of R.
    func largestEigenvalue(leastOfRoot weight: Double) -> Double { pow(weight, -1 / exponent) / (1 + damping) }

    /// The eigenvalue of A that belongs to one of R: its power −1/p less δ, and zero where rounding takes that below zero.
    func eigenvalue(ofRoot weight: Double, largest: Double) -> Double {
        max(pow(weight, -1 / exponent) - damping * largest, 0)
    }
}

extension MatrixBackend {
    /// The decomposition of a positive semidefinite matrix: an eigenvalue below zero is rounding, and becomes zero.
    ///
    /// - Throws: as `symmetricEigen`.
    func semidefiniteEigen(_ a: Tensor) throws(DecompositionError) -> (values: Vector, vectors: Tensor) {
        let (eigenvalues, vectors) = try symmetricEigen(a)
        return (map(eigenvalues, .raise(to: 0)), vectors)
    }
}
