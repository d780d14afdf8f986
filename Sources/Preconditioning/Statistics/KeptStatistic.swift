import Compute
import MatrixCore

/// A statistic A as a storage keeps it, in training and in a study.
///
/// What comes back is what the optimizer uses; for storages with blocks along rows it is the transpose of the published
/// matrix in memory, see `StoredMatrix`.
public protocol KeptStatistic<Backend>: Sendable {
    associatedtype Backend: MatrixBackend

    var order: Int { get }
    /// Whether codes keep it.
    var isCoded: Bool { get }
    /// Whether entries are kept in the backend's own precision.
    var isExact: Bool { get }
    /// Whether all the damping is in what is kept, and none is to be added before a root.
    var isDamped: Bool { get }
    /// This statistic where it keeps eigenvalues and eigenvectors.
    var factored: (any FactoredStatistic<Backend>)? { get }

    /// - Parameter steps: of Björck's iteration on eigenvectors that are only nearly orthonormal.
    /// - Throws: `DecompositionError` where A comes back by a decomposition of what is kept.
    func decodedStatistic(
        rectificationSteps steps: Int, _ backend: Backend
    ) throws(DecompositionError) -> DecodedStatistic<Backend>

    /// The root A^(-p) where it is what is kept: a root in use as it is; otherwise nil.
    func keptRoot(_ backend: Backend) -> Backend.Tensor?

    /// The largest entry in magnitude, or the largest eigenvalue.
    ///
    /// - Throws: as `decodedStatistic`.
    func magnitude(_ backend: Backend) throws(DecompositionError) -> Backend.Scalar

    /// A ← βA + (1 − β)M, decoded, updated and kept again; with β = 1, A ← A + M. What would vanish stays as it is (see
    /// `vanishingMagnitude`).
    ///
    /// - Parameters:
    ///   - moment: M = GGᵀ or GᵀG, symmetric.
    ///   - generator: for the start of a power iteration, where a λmax is needed.
    /// - Returns: what has become of it; nil where it would vanish.
    /// - Throws: `QuantizationError.notFinite` or `DecompositionError`; the statistic is then as before.
    @discardableResult
    mutating func update(
        with moment: Backend.Tensor, by scheme: PreconditionerScheme, using generator: inout some RandomNumberGenerator,
        _ backend: Backend
    ) throws -> StatisticUpdate<Backend>?

    /// A ← A + δI, where the matrix itself is kept; otherwise nothing.
    mutating func retain(shift: Backend.Scalar, _ backend: Backend)

    /// The bytes of the buffers that keep the statistic.
    func byteCount(_ backend: Backend) -> Int

    /// Those buffers.
    func archive(_ backend: Backend) -> StateArchive

    /// - Throws: `StateArchiveError`.
    mutating func read(_ archive: StateArchive, _ backend: Backend) throws(StateArchiveError)
}

extension KeptStatistic {
    public var isCoded: Bool { true }
    public var isExact: Bool { false }
    public var isDamped: Bool { false }
    public var factored: (any FactoredStatistic<Backend>)? { nil }

    public func keptRoot(_ backend: Backend) -> Backend.Tensor? { nil }

    public func magnitude(_ backend: Backend) throws(DecompositionError) -> Backend.Scalar {
        backend.largestMagnitude(try decoded(rectificationSteps: 0, backend))
    }

    public mutating func retain(shift: Backend.Scalar, _ backend: Backend) {}

    /// A as the optimizer uses it, as a matrix; the damping is in it where `isDamped`.
    ///
    /// - Throws: as `decodedStatistic`.
    public func decoded(
        rectificationSteps steps: Int, _ backend: Backend
    ) throws(DecompositionError) -> Backend.Tensor {
        try decodedStatistic(rectificationSteps: steps, backend).matrix(backend)
    }
}

/// What an update has made of a statistic.
public struct StatisticUpdate<Backend: MatrixBackend>: Sendable {
    /// The new A, before it was coded.
    public let matrix: Backend.Tensor
    /// How far the kept eigenvectors were from those of the new A, `offdiagonalResidual`; nil where that was not asked for.
    public let residual: Double?

    public init(_ matrix: Backend.Tensor, residual: Double? = nil) {
        self.matrix = matrix
        self.residual = residual
    }
}
