import Compute
import MatrixCore

/// The largest entry below which a statistic vanishes: entries that are u of it are then subnormal, and what the precision
/// keeps of the matrix is no longer all of its digits. 2^-103 in float32.
///
/// Where a block gets no gradient, A ← βA decays to zero. Followed down there, its root would be of rounding errors or
/// infinite, which is no failure of the training: the gradient that it is meant for is zero. A statistic that would vanish
/// stays as it is, and so does its root; a gradient that comes back is added to a matrix that is nothing beside it.
func vanishingMagnitude<Scalar: MatrixScalar>(_ scalar: Scalar.Type) -> Scalar {
    scalar.leastNormalMagnitude / scalar.ulpOfOne
}

extension StatisticState {
    /// That of float32 where the statistic or its root is kept in it, of the backend's scalar otherwise.
    var vanishingMagnitude: Backend.Scalar {
        if case .entries(let stored) = kept, stored.isExact, scheme.rootStorage(order: order) == .exact {
            return Preconditioning.vanishingMagnitude(Backend.Scalar.self)
        }
        return Backend.Scalar(Preconditioning.vanishingMagnitude(Float.self))
    }

    /// Whether no root can be taken because nothing is left: of states that older versions followed to zero.
    func hasVanished(_ backend: Backend) -> Bool {
        switch kept {
        case .entries, .cholesky:
            backend.largestMagnitude(decoded(rectificationSteps: 0, backend)) < vanishingMagnitude
        case .basis, .eigenvector, .householder:
            Backend.Scalar(factors(rectificationSteps: 0, backend).eigenvalues.max() ?? 0) < vanishingMagnitude
        }
    }
}
