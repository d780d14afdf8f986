import Compute
import MatrixCore

/// The statistic of a side in the backend's own precision, followed beside the one that the optimizer keeps.
///
/// It takes the same moments with the same decay from the same start, and its root is by an eigendecomposition: what
/// the optimizer's decoded statistic and root are to be compared with.
public struct ShadowStatistic<Backend: MatrixBackend>: Sendable {
    private let scheme: PreconditionerScheme
    private let order: Int
    private var statistic: Backend.Tensor

    /// As the side began.
    public init(following side: PreconditionerState<Backend>, _ backend: Backend) {
        scheme = side.scheme
        order = side.order
        statistic = backend.scaled(Backend.Scalar(scheme.initialValue), backend.identity(order))
    }

    /// A ← βA + (1 − β)M; a moment that is not finite is left out, and what would vanish stays, as with the side.
    public mutating func update(with moment: Backend.Tensor, _ backend: Backend) {
        guard backend.largestMagnitude(moment).isFinite else { return }
        let next = backend.combine(
            Backend.Scalar(scheme.decay), statistic, Backend.Scalar(scheme.momentWeight), moment)
        if backend.largestMagnitude(next) >= vanishingMagnitude(Backend.Scalar.self) { statistic = next }
    }

    public func statisticMatrix(_ backend: Backend) -> Matrix<Backend.Scalar> { backend.matrix(statistic) }

    /// (A + ε·λmax·I)^(-p), or the 1 that the side keeps; nil where it is not finite.
    ///
    /// Numerics: the small eigenvalues of a float32 matrix are off by up to n·2^-24·λmax, which the damping covers only
    /// where ε is not far below.
    ///
    /// - Throws: `DecompositionError.noConvergence`.
    public func rootMatrix(_ backend: Backend) throws(DecompositionError) -> Matrix<Backend.Scalar>? {
        if scheme.keepsUnitRoot(order: order) { return .identity(1) }
        guard backend.largestMagnitude(statistic).isFinite else { return nil }
        return try eigenRoot(
            statistic, exponent: scheme.exponent, damping: scheme.damping, rule: .absolute, backend
        ).root.map { backend.matrix($0) }
    }

    public func byteCount(_ backend: Backend) -> Int { backend.byteCount(statistic) }

    /// `entries`.
    public func archive(_ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        archive.add("entries", statistic, backend)
        return archive
    }

    /// - Throws: `StateArchiveError`.
    public mutating func read(_ archive: StateArchive, _ backend: Backend) throws(StateArchiveError) {
        statistic = try archive.finiteTensor("entries", like: statistic, backend)
    }
}
