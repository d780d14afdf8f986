import Compute
import MatrixCore

/// One side of a preconditioner in training: its statistic, its root as stored, and what went wrong on the way.
public struct PreconditionerState<Backend: MatrixBackend>: Sendable {
    public let order: Int
    public internal(set) var statistic: any KeptStatistic<Backend>
    /// A^(-p) as kept beside the statistic, I until the first root; nil where the statistic's own root is in use.
    var keptRoot: (any KeptRoot<Backend>)?
    /// A as it was before it was last coded, where the scheme keeps it and a storage codes; nil, too, from when a state was
    /// restored that had not kept it until the next update.
    public internal(set) var uncodedStatistic: Backend.Tensor?
    public internal(set) var record = PreconditionerRecord()
    /// Moments that the statistic has taken, and those of them that the root in use has seen: 0 as long as it is the root of
    /// no gradient.
    public internal(set) var updates = 0
    public internal(set) var updatesOfRoot = 0
    public let scheme: PreconditionerScheme
    /// How far the eigenvectors of the last update were from those of the statistic, where the scheme asks.
    public internal(set) var residual: Double?
    /// For the start vectors of power iterations.
    var generator: PhiloxGenerator

    /// A side as training begins with it.
    ///
    /// - Throws: `QuantizationError`.
    public init(order: Int, scheme: PreconditionerScheme, generator: PhiloxGenerator, _ backend: Backend) throws {
        try self.init(scheme.initialStatistic(order: order, backend), scheme, generator, backend)
    }

    private init(
        _ statistic: any KeptStatistic<Backend>, _ scheme: PreconditionerScheme, _ generator: PhiloxGenerator,
        _ backend: Backend
    ) throws {
        self.statistic = statistic
        order = statistic.order
        self.scheme = scheme
        self.generator = generator
        keptRoot = try scheme.rootStorage(order: order).keep(backend.identity(order), backend)
        if scheme.keepsUncodedStatistic && statistic.isCoded {
            uncodedStatistic = backend.scaled(Backend.Scalar(scheme.initialValue), backend.identity(order))
        }
    }

    /// A side in the middle of a training: its statistic, with what it has taken, is that of a source, kept as the scheme says; its
    /// root is to be taken.
    ///
    /// - Throws: `QuantizationError`, `DecompositionError`, or what the storage has no place for.
    public init(
        keeping source: some StatisticSource<Backend>, scheme: PreconditionerScheme, generator: PhiloxGenerator,
        _ backend: Backend
    ) throws {
        let definition = scheme.statisticDefinition(order: backend.shape(of: source.matrix).rows)
        try self.init(definition.keep(source, for: scheme.use, backend), scheme, generator, backend)
        updates = 1
        if keptRoot == nil { updatesOfRoot = updates }
    }

    /// A ← βA + (1 − β)M. What fails leaves the statistic as it was and is counted in the record; what would vanish leaves it,
    /// too, and is no failure.
    public mutating func updateStatistic(with moment: Backend.Tensor, _ backend: Backend) {
        do {
            guard let updated = try statistic.update(with: moment, by: scheme, using: &generator, backend) else {
                return
            }
            uncodedStatistic = scheme.keepsUncodedStatistic && statistic.isCoded ? updated.matrix : nil
            residual = updated.residual
            updates += 1
            if keptRoot == nil { updatesOfRoot = updates }
        } catch {
            record.addFailure(of: .statistic, "\(error)")
        }
    }

    /// Takes the root of the statistic, where the statistic does not keep it itself. What fails or is not finite leaves the
    /// root as it was and is counted; a statistic that has vanished leaves it, too, and is no failure.
    public mutating func updateRoot(_ backend: Backend) {
        guard keptRoot != nil else { return }
        do {
            guard try !scheme.hasVanished(statistic, backend) else { return record.endFailures() }
            let next = try scheme.root(of: &statistic, using: &generator, backend)
            keptRoot = try scheme.rootStorage(order: order).keep(next, backend)
            record.endFailures()
            updatesOfRoot = updates
        } catch {
            record.addFailure(of: .root, "\(error)")
        }
    }

    /// The statistic as a root of it is taken: decoded, eigenvectors rectified. Entry (i, j) of the matrix is in place
    /// (i, j); see `StoredMatrix`.
    ///
    /// - Throws: `DecompositionError` where decoding is by a decomposition.
    public func statisticMatrix(_ backend: Backend) throws(DecompositionError) -> Matrix<Backend.Scalar> {
        let steps = scheme.rootRectificationSteps
        return backend.matrix(try statistic.decoded(rectificationSteps: steps, backend)).transposed
    }

    /// The root as gradients meet it, I until the first one; see `StoredMatrix` for its transpose in memory.
    public func root(_ backend: Backend) -> Backend.Tensor {
        if let keptRoot { return keptRoot.decoded(backend) }
        return (updates > 0 ? statistic.keptRoot(backend) : nil) ?? backend.identity(order)
    }

    /// The root as gradients meet it, entry (i, j) in place (i, j).
    public func rootMatrix(_ backend: Backend) -> Matrix<Backend.Scalar> { backend.matrix(root(backend)).transposed }

    /// The bytes of statistic and root.
    public func byteCount(_ backend: Backend) -> Int {
        statistic.byteCount(backend) + (keptRoot?.byteCount(backend) ?? 0)
    }
}
