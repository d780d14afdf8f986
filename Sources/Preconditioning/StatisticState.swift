import Compute
import MatrixCore
import Quantization

/// A statistic in training: kept in its storage, decoded for every update and every root.
///
/// A(0) = εI. What `decoded` gives is what the optimizer uses; for `full` and `offdiagonal` it is the transpose of the
/// published matrix in memory, see `StoredMatrix`.
public struct StatisticState<Backend: MatrixBackend>: Sendable {
    enum Kept: Sendable {
        case entries(StoredMatrix<Backend>)
        /// Below the smallest coded order: eigenvalues with float eigenvectors, which need no rectification.
        case basis(eigenvalues: [Float], vectors: Backend.Tensor)
        case eigenvector(EigenvectorStatistic<Backend>)
        case householder(HouseholderStatistic<Backend>)
        /// `error` is E of the error feedback in the place of the other triangle.
        case cholesky(CholeskyStatistic<Backend>, error: Backend.CodedTensor?)
    }

    public let order: Int
    let scheme: PreconditionerScheme
    var kept: Kept

    /// A(0) = εI.
    ///
    /// - Throws: `QuantizationError` where ε leaves the range of float32.
    public init(order: Int, scheme: PreconditionerScheme, _ backend: Backend) throws {
        self.order = order
        self.scheme = scheme
        let identity = backend.tensor(.identity(order))
        let damping = Backend.Scalar(scheme.damping)
        let values = [Backend.Scalar](repeating: damping, count: order)
        let scaled = backend.scaleColumns(identity, by: values)
        func entries(_ storage: RootStorage) throws -> Kept {
            .entries(try StoredMatrix(scaled, storage: storage, backend: backend))
        }
        guard order >= scheme.smallestCodedOrder else {
            kept =
                scheme.statistic.isFactored
                ? .basis(eigenvalues: values.map { Float($0) }, vectors: identity) : try entries(.exact)
            return
        }
        switch scheme.statistic {
        case .exact: kept = try entries(.exact)
        case .full(let coding): kept = try entries(.full(coding))
        case .offdiagonal(let coding): kept = try entries(.offdiagonal(coding))
        case .symmetric(let coding): kept = try entries(.symmetric(coding))
        case .eigenvector(let coding):
            kept = .eigenvector(
                try EigenvectorStatistic(eigenvalues: values, vectors: identity, coding: coding, backend: backend))
        case .householder(let coding):
            kept = .householder(
                try HouseholderStatistic(
                    eigenvalues: values, vectors: identity, order: Array(0..<order), coding: coding, backend: backend))
        case .cholesky(let coding):
            let error =
                scheme.errorFeedbackDecay == nil
                ? nil
                : try backend.encode(
                    backend.combine(0, identity, 0, identity), region: .strictUpper, coding: coding,
                    keepingDiagonal: false)
            kept = .cholesky(
                try CholeskyStatistic(scaled, shift: 0, coding: coding, backend: backend), error: error)
        }
    }

    /// Whether codes keep it.
    public var isCoded: Bool {
        switch kept {
        case .entries(let stored): !stored.isExact
        case .basis: false
        case .eigenvector, .householder, .cholesky: true
        }
    }

    /// The statistic as the optimizer uses it: eigenvectors after `rectificationSteps` of Björck's iteration; for
    /// `cholesky`, damping included.
    public func decoded(rectificationSteps: Int, _ backend: Backend) -> Backend.Tensor {
        switch kept {
        case .entries(let stored): return stored.decoded(backend)
        case .cholesky(let statistic, error: _): return statistic.decoded(backend)
        case .basis, .eigenvector, .householder:
            let (eigenvalues, vectors) = factors(rectificationSteps: rectificationSteps, backend)
            let scaled = backend.scaleColumns(vectors, by: eigenvalues.map { Backend.Scalar($0) })
            return backend.symmetrize(
                backend.multiply(scaled, transposed: false, vectors, transposed: true, alpha: 1))
        }
    }

    /// Eigenvalues and decoded eigenvectors, in the order in which they are kept.
    ///
    /// - Precondition: the storage is factored.
    func factors(rectificationSteps: Int, _ backend: Backend) -> (eigenvalues: [Float], vectors: Backend.Tensor) {
        switch kept {
        case .basis(let eigenvalues, let vectors): (eigenvalues, vectors)
        case .eigenvector(let statistic):
            (statistic.eigenvalues, statistic.vectors(rectificationSteps: rectificationSteps, backend))
        case .householder(let statistic): (statistic.eigenvalues, statistic.vectors(backend))
        case .entries, .cholesky: preconditionFailure("factors of a statistic kept by its entries")
        }
    }

    /// The bytes of the buffers that keep the statistic.
    public func byteCount(_ backend: Backend) -> Int {
        switch kept {
        case .entries(let stored): stored.byteCount(backend)
        case .basis(let eigenvalues, let vectors): 4 * eigenvalues.count + backend.byteCount(vectors)
        case .eigenvector(let statistic): statistic.byteCount(backend)
        case .householder(let statistic): statistic.byteCount(backend)
        case .cholesky(let statistic, let error):
            statistic.byteCount(backend) + (error.map { backend.byteCount($0) } ?? 0)
        }
    }
}
