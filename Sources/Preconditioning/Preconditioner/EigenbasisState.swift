import Compute
import MatrixCore

/// One side of a parameter whose coordinates are in the eigenbasis of the side's statistic.
///
/// A statistic that is kept by its eigenvalues and eigenvectors is its own basis, which turns with every update. One that is
/// kept by its entries has a basis Q beside it in the backend's precision: the eigenvectors of its first moment, in descending
/// order of their eigenvalues, and from then on what `refresh` makes of them.
public struct EigenbasisState<Backend: MatrixBackend>: Sendable {
    public let order: Int
    public let scheme: PreconditionerScheme
    public private(set) var statistic: any KeptStatistic<Backend>
    /// Q beside a statistic that is kept by its entries; nil for one that is its own basis.
    private var keptBasis: Backend.Tensor?
    public private(set) var record = PreconditionerRecord()
    /// Moments that the statistic has taken.
    public private(set) var updates = 0
    /// How far the basis was from the eigenvectors of the statistic when that was last asked for.
    public private(set) var residual: Double?
    /// For the start vectors of power iterations.
    private var generator: PhiloxGenerator

    /// A side as training begins with it: the basis is that of the parameter itself.
    ///
    /// - Throws: `QuantizationError`.
    public init(order: Int, scheme: PreconditionerScheme, generator: PhiloxGenerator, _ backend: Backend) throws {
        self.order = order
        self.scheme = scheme
        self.generator = generator
        statistic = try scheme.initialStatistic(order: order, backend)
        keptBasis = statistic.factored == nil ? backend.identity(order) : nil
    }

    /// Whether the basis turns with every update, and not by `refresh`.
    public var turnsWithUpdates: Bool { keptBasis == nil }

    /// Q, a column a coordinate.
    public func basis(_ backend: Backend) -> Backend.Tensor {
        if let keptBasis { return keptBasis }
        guard let factored = statistic.factored else { preconditionFailure("a statistic of entries without its basis") }
        return factored.vectors(rectificationSteps: scheme.rootRectificationSteps, backend)
    }

    /// A ← βA + (1 − β)M. What fails leaves the statistic as it was and is counted in the record; what would vanish leaves it,
    /// too, and is no failure.
    ///
    /// - Returns: how the basis has turned, nil where it has not.
    public mutating func update(with moment: Backend.Tensor, _ backend: Backend) -> BasisTurn<Backend>.Side? {
        do {
            return try turnsWithUpdates ? updateBasis(with: moment, backend) : updateEntries(with: moment, backend)
        } catch {
            record.addFailure(of: .statistic, "\(error)")
            return nil
        }
    }

    private mutating func updateBasis(with moment: Backend.Tensor, _ backend: Backend) throws -> BasisTurn<Backend>.Side? {
        let before = basis(backend)
        // Of nothing before it, the first moment is decomposed whole: a step of QR from I would be far from its eigenvectors.
        let scheme = updates == 0 ? scheme.with(updateDecomposition: .eigen, refreshThreshold: nil) : scheme
        guard let update = try statistic.update(with: moment, by: scheme, using: &generator, backend) else { return nil }
        updates += 1
        residual = update.residual
        if let threshold = scheme.refreshThreshold, let residual, residual <= threshold { return nil }
        let rotation = backend.multiply(basis(backend), transposed: true, before)
        return BasisTurn.Side(rotation: rotation, mixing: backend.elementwiseProduct(rotation, rotation))
    }

    private mutating func updateEntries(
        with moment: Backend.Tensor, _ backend: Backend
    ) throws -> BasisTurn<Backend>.Side? {
        guard let update = try statistic.update(with: moment, by: scheme, using: &generator, backend) else { return nil }
        updates += 1
        guard updates == 1, let before = keptBasis else { return nil }
        let vectors = backend.selectColumns(
            try backend.symmetricEigen(update.matrix).vectors, Array((0..<order).reversed()))
        keptBasis = vectors
        let rotation = backend.multiply(vectors, transposed: true, before)
        return BasisTurn.Side(rotation: rotation, mixing: backend.elementwiseProduct(rotation, rotation))
    }

    /// Q ← QR(A·Q), one step of subspace iteration; nothing where the basis turns with updates, has no statistic yet, or is near
    /// enough to the eigenvectors for the scheme's `refreshThreshold`.
    ///
    /// - Parameter sorting: whether the columns go in descending order of their Rayleigh quotients first.
    /// - Returns: how the basis has turned. What the rule keeps of squares follows the order alone, as published.
    public mutating func refresh(sorting: Bool, _ backend: Backend) -> BasisTurn<Backend>.Side? {
        guard let before = keptBasis, updates > 0 else { return nil }
        do {
            let product = backend.multiply(try statistic.decoded(rectificationSteps: 0, backend), before)
            if let threshold = scheme.refreshThreshold {
                let found = offdiagonalResidual(before, product: product, backend)
                residual = found
                if found <= threshold { return nil }
            }
            let quotients = backend.values(of: backend.columnProducts(before, product))
            let indices = Array(0..<order)
            let permutation =
                sorting ? indices.sorted { quotients[$0] != quotients[$1] ? quotients[$0] > quotients[$1] : $0 < $1 } : indices
            let (packed, scalars) = backend.householderQR(backend.selectColumns(product, permutation))
            let next = backend.orthogonalFactor(reflectors: packed, scalars: scalars)
            keptBasis = next
            return BasisTurn.Side(
                rotation: backend.multiply(next, transposed: true, before),
                mixing: backend.selectColumns(backend.identity(order), inverse(permutation)))
        } catch {
            record.addFailure(of: .statistic, "\(error)")
            return nil
        }
    }

    /// The statistic, entry (i, j) in place (i, j).
    ///
    /// - Throws: `DecompositionError` where decoding is by a decomposition.
    public func statisticMatrix(_ backend: Backend) throws(DecompositionError) -> Matrix<Backend.Scalar> {
        backend.matrix(try statistic.decoded(rectificationSteps: scheme.rootRectificationSteps, backend)).transposed
    }

    /// The bytes of statistic and basis.
    public func byteCount(_ backend: Backend) -> Int {
        statistic.byteCount(backend) + (keptBasis.map { backend.byteCount($0) } ?? 0)
    }
}

extension EigenbasisState {
    /// The buffers of statistic and basis, together `byteCount` bytes, and the extras: the `codebooks` of codes, `generator`,
    /// `updates`, `failures`, `last_failure` and, with a `refreshThreshold`, the `residual`, −1 for none.
    public func archive(_ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        archive.add("statistic", statistic.archive(backend))
        if let keptBasis { archive.add("basis", keptBasis, backend) }
        archive.add("generator", generator)
        archive.add("updates", .integers([UInt64(updates)]))
        for entry in record.archive.entries { archive.add(entry.name, entry.buffer) }
        if scheme.refreshThreshold != nil { archive.add("residual", .doubles([residual ?? -1])) }
        return archive
    }

    /// Becomes the state that was written; its scheme and order must be this one's.
    ///
    /// - Throws: `StateArchiveError`.
    public mutating func read(_ archive: StateArchive, _ backend: Backend) throws(StateArchiveError) {
        try statistic.read(archive.part("statistic"), backend)
        if let basis = keptBasis { keptBasis = try archive.finiteTensor("basis", like: basis, backend) }
        generator = try archive.generator("generator")
        let counts = try archive.integers("updates", count: 1)
        // One update a step: no training has 2^48 steps.
        guard counts[0] < 1 << 48 else { throw archive.error("updates", .invalid("\(counts[0]) is no count of updates")) }
        updates = Int(counts[0])
        record = try PreconditionerRecord(from: archive)
        if scheme.refreshThreshold != nil {
            let found = try archive.doubles("residual", count: 1)[0]
            residual = found < 0 ? nil : found
        }
    }
}

/// The permutation that leads back.
private func inverse(_ permutation: [Int]) -> [Int] {
    var result = permutation
    for (position, index) in permutation.enumerated() { result[index] = position }
    return result
}
