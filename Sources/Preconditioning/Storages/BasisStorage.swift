import Compute
import Quantization

/// Eigenvalues and eigenvectors in float32: what storages by factors keep below the smallest coded order. It has no name of
/// its own.
struct BasisStorage: StatisticDefinition {
    static let traits = StorageTraits(isCoded: false, isFactored: true)
    let iteratesInDescendingOrder: Bool

    static func with(_ settings: StorageSettings) -> BasisStorage { BasisStorage(iteratesInDescendingOrder: false) }

    func buffers(order: Int, hasErrorFeedback: Bool) -> BufferBytes {
        var bytes = BufferBytes.entries(order: order)
        bytes.diagonals = 4 * order
        return bytes
    }

    func keep<Backend: MatrixBackend>(
        _ source: some StatisticSource<Backend>, for use: StatisticUse, _ backend: Backend
    ) throws -> any KeptStatistic<Backend> {
        try BasisStatistic(
            eigenvalues: source.eigenvalues, vectors: source.eigenvectors,
            iteratesInDescendingOrder: iteratesInDescendingOrder, backend)
    }
}

/// A statistic kept by its eigenvalues in float32 and its eigenvectors as they are, which need no rectification.
struct BasisStatistic<Backend: MatrixBackend>: FactoredStatistic {
    let order: Int
    private(set) var eigenvalues: Backend.Vector
    private var vectors: Backend.Tensor
    let iteratesInDescendingOrder: Bool

    var isCoded: Bool { false }
    var areVectorsOrthonormal: Bool { true }

    /// - Throws: `QuantizationError.notFinite`.
    init(
        eigenvalues: Backend.Vector, vectors: Backend.Tensor, iteratesInDescendingOrder: Bool, _ backend: Backend
    ) throws(QuantizationError) {
        order = backend.shape(of: vectors).columns
        self.eigenvalues = try backend.singlePrecision(eigenvalues)
        self.vectors = vectors
        self.iteratesInDescendingOrder = iteratesInDescendingOrder
    }

    func vectors(rectificationSteps steps: Int, _ backend: Backend) -> Backend.Tensor { vectors }

    mutating func replace(
        by factors: NewFactors<Backend>, for use: StatisticUse, _ backend: Backend
    ) throws(QuantizationError) {
        eigenvalues = try backend.singlePrecision(factors.eigenvalues)
        vectors = factors.vectors
    }

    mutating func replace(eigenvalues: Backend.Vector, _ backend: Backend) throws(QuantizationError) {
        self.eigenvalues = try backend.singlePrecision(eigenvalues)
    }

    func byteCount(_ backend: Backend) -> Int { 4 * order + backend.byteCount(vectors) }

    /// `eigenvalues` and `vectors`.
    func archive(_ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        archive.add("eigenvalues", .floats(backend.values(of: eigenvalues).map { Float($0) }))
        archive.add("vectors", vectors, backend)
        return archive
    }

    mutating func read(_ archive: StateArchive, _ backend: Backend) throws(StateArchiveError) {
        eigenvalues = backend.vector(try archive.floats("eigenvalues", count: order).map { Backend.Scalar($0) })
        vectors = try archive.finiteTensor("vectors", like: vectors, backend)
    }
}
