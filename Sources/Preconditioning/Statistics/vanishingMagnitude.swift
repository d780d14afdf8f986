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

extension PreconditionerScheme {
    /// That of float32 where the statistic or its root is kept in it, of the backend's scalar otherwise.
    func vanishingMagnitude<Kept: KeptStatistic>(of kept: Kept) -> Kept.Backend.Scalar {
        if kept.isExact && rootStorage(order: kept.order).traits.isExact {
            return Preconditioning.vanishingMagnitude(Kept.Backend.Scalar.self)
        }
        return Kept.Backend.Scalar(Preconditioning.vanishingMagnitude(Float.self))
    }

    /// Whether no root can be taken because nothing is left: of states that older versions followed to zero.
    ///
    /// - Throws: as `KeptStatistic.magnitude`.
    func hasVanished<Kept: KeptStatistic>(
        _ kept: Kept, _ backend: Kept.Backend
    ) throws(DecompositionError) -> Bool {
        try kept.magnitude(backend) < vanishingMagnitude(of: kept)
    }
}
