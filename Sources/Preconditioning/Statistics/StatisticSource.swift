import Compute
import MatrixCore

/// A symmetric matrix to be kept, with what storages want of it beside its entries.
public protocol StatisticSource<Backend> {
    associatedtype Backend: MatrixBackend

    var matrix: Backend.Tensor { get }
    /// Those of the matrix, and its eigenvectors, a column each, in the same order; asked for where the storage's traits want
    /// a decomposition.
    var eigenvalues: Backend.Vector { get }
    var eigenvectors: Backend.Tensor { get }

    /// δ of a storage that keeps A + δI, for the damping ε; it may come from the decomposition.
    func shift(damping: Double) -> Backend.Scalar
}

/// What a storage may want to know of the use that will be made of a statistic.
public struct StatisticUse: Sendable {
    /// p and ε of the root (A + ε·λmax·I)^(-p).
    public let exponent: Double
    public let damping: Double
    /// How a storage that keeps A + δI is shifted.
    public let shift: StatisticShift
    public let hasErrorFeedback: Bool

    public init(
        exponent: Double, damping: Double, shift: StatisticShift = .relative, hasErrorFeedback: Bool = false
    ) {
        self.exponent = exponent
        self.damping = damping
        self.shift = shift
        self.hasErrorFeedback = hasErrorFeedback
    }
}
