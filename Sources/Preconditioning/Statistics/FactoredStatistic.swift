import Compute
import MatrixCore
import Quantization

/// A statistic kept by its eigenvalues, in float32, and its eigenvectors.
public protocol FactoredStatistic<Backend>: KeptStatistic {
    /// Rounded to float32, in the order in which the vectors are kept.
    var eigenvalues: Backend.Vector { get }
    /// Whether decoded vectors are orthonormal to rounding and not only nearly so.
    var areVectorsOrthonormal: Bool { get }
    /// Whether a subspace step starts from the vectors in descending order of eigenvalue, in which it converges best, and not
    /// in the order in which they are kept, as published.
    var iteratesInDescendingOrder: Bool { get }

    /// Eigenvectors, a column each.
    func vectors(rectificationSteps steps: Int, _ backend: Backend) -> Backend.Tensor

    /// Keeps other eigenvalues and eigenvectors in the place of these.
    ///
    /// - Throws: `QuantizationError.notFinite`.
    mutating func replace(
        by factors: NewFactors<Backend>, for use: StatisticUse, _ backend: Backend) throws(QuantizationError)

    /// Keeps other eigenvalues with the same eigenvectors.
    ///
    /// - Throws: `QuantizationError.notFinite`.
    mutating func replace(eigenvalues: Backend.Vector, _ backend: Backend) throws(QuantizationError)
}

/// Eigenvalues and eigenvectors that an update has found.
public struct NewFactors<Backend: MatrixBackend>: Sendable {
    let eigenvalues: Backend.Vector
    let vectors: Backend.Tensor
    /// Where the vectors are H₁H₂…Hₙ of these: the tails below the diagonal, and τ.
    let reflectors: (packed: Backend.Tensor, scalars: Backend.Vector)?
}

extension FactoredStatistic {
    public var factored: (any FactoredStatistic<Backend>)? { self }

    public func decodedStatistic(rectificationSteps steps: Int, _ backend: Backend) -> DecodedStatistic<Backend> {
        .factors(
            eigenvalues: eigenvalues, vectors: vectors(rectificationSteps: steps, backend),
            areOrthonormal: areVectorsOrthonormal)
    }

    public func magnitude(_ backend: Backend) -> Backend.Scalar { backend.values(of: eigenvalues).max() ?? 0 }

    /// The eigenvectors are renewed by the scheme's `updateDecomposition`, unless they are near enough to those of the new A for
    /// its `refreshThreshold`: then the eigenvalues alone become the Rayleigh quotients, and no code changes.
    @discardableResult
    public mutating func update(
        with moment: Backend.Tensor, by scheme: PreconditionerScheme, using generator: inout some RandomNumberGenerator,
        _ backend: Backend
    ) throws -> StatisticUpdate<Backend>? {
        let (kept, vectors) = startingFactors(scheme, backend)
        let blend = updatedStatistic(
            vectors: vectors, eigenvalues: kept, decay: scheme.decay, moment: moment, weight: scheme.momentWeight, backend)
        guard let a = try scheme.admitted(blend, of: self, backend) else { return nil }
        var residual: Double?
        if let threshold = scheme.refreshThreshold {
            let own = self.vectors(rectificationSteps: scheme.updateRectificationSteps, backend)
            let product = backend.multiply(a, own)
            let found = offdiagonalResidual(own, product: product, backend)
            if found <= threshold {
                try replace(eigenvalues: backend.map(backend.columnProducts(own, product), .raise(to: 0)), backend)
                return StatisticUpdate(a, residual: found)
            }
            residual = found
        }
        let factors: NewFactors<Backend>
        switch scheme.updateDecomposition {
        case .subspace: factors = subspaceIteration(a, from: vectors, steps: scheme.subspaceSteps, backend)
        case .eigen:
            let (eigenvalues, vectors) = try backend.semidefiniteEigen(a)
            factors = NewFactors(eigenvalues: eigenvalues, vectors: vectors, reflectors: nil)
        }
        try replace(by: factors, for: scheme.use, backend)
        return StatisticUpdate(a, residual: residual)
    }

    /// The kept factors in the order in which a subspace step starts from them.
    private func startingFactors(
        _ scheme: PreconditionerScheme, _ backend: Backend
    ) -> (eigenvalues: Backend.Vector, vectors: Backend.Tensor) {
        let vectors = vectors(rectificationSteps: scheme.updateRectificationSteps, backend)
        guard iteratesInDescendingOrder else { return (eigenvalues, vectors) }
        let values = backend.values(of: eigenvalues)
        let permutation = values.indices.sorted { values[$0] != values[$1] ? values[$0] > values[$1] : $0 < $1 }
        return (backend.select(eigenvalues, permutation: permutation), backend.selectColumns(vectors, permutation))
    }
}

extension MatrixBackend {
    /// Eigenvalues as the storages by factors keep them.
    ///
    /// - Throws: `QuantizationError.notFinite` where one leaves the range of float32.
    func singlePrecision(_ eigenvalues: Vector) throws(QuantizationError) -> Vector {
        let rounded = map(eigenvalues, .roundToFloat)
        if largestMagnitude(column(rounded)).isFinite { return rounded }
        let values = values(of: rounded)
        let index = values.firstIndex { !$0.isFinite } ?? 0
        throw .notFinite(row: index, column: index, value: Float(values[index]))
    }
}
