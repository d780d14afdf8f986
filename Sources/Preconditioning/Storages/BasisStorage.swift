import Compute
import Quantization

/// Eigenvalues and eigenvectors in float32: what storages by factors keep below the smallest coded order. It has no name of
/// its own.
struct BasisStorage: StatisticDefinition {
    static let traits = StorageTraits(isCoded: false, isFactored: true)
    let iteratesInDescendingOrder: Bool

    static func with(_ coding: BlockCoding?) -> BasisStorage { BasisStorage(iteratesInDescendingOrder: false) }

    func buffers(order: Int, hasErrorFeedback: Bool) -> BufferBytes {
        var bytes = BufferBytes.entries(order: order)
        bytes.diagonals = 4 * order
        return bytes
    }

    func keep<Backend: MatrixBackend>(
        _ source: some StatisticSource<Backend>, for use: StatisticUse, _ backend: Backend
    ) throws -> any KeptStatistic<Backend> {
        BasisStatistic(
            eigenvalues: try singlePrecision(source.eigenvalues), vectors: source.eigenvectors,
            iteratesInDescendingOrder: iteratesInDescendingOrder)
    }
}

/// A statistic kept by its eigenvalues in float32 and its eigenvectors as they are, which need no rectification.
struct BasisStatistic<Backend: MatrixBackend>: FactoredStatistic {
    private(set) var eigenvalues: [Float]
    private var vectors: Backend.Tensor
    let iteratesInDescendingOrder: Bool

    var isCoded: Bool { false }
    var areVectorsOrthonormal: Bool { true }

    init(eigenvalues: [Float], vectors: Backend.Tensor, iteratesInDescendingOrder: Bool) {
        self.eigenvalues = eigenvalues
        self.vectors = vectors
        self.iteratesInDescendingOrder = iteratesInDescendingOrder
    }

    func vectors(rectificationSteps steps: Int, _ backend: Backend) -> Backend.Tensor { vectors }

    mutating func replace(
        by factors: NewFactors<Backend>, for use: StatisticUse, _ backend: Backend
    ) throws(QuantizationError) {
        eigenvalues = try singlePrecision(factors.eigenvalues)
        vectors = factors.vectors
    }

    func byteCount(_ backend: Backend) -> Int { 4 * eigenvalues.count + backend.byteCount(vectors) }

    /// `eigenvalues` and `vectors`.
    func archive(_ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        archive.add("eigenvalues", .floats(eigenvalues))
        archive.add("vectors", vectors, backend)
        return archive
    }

    mutating func read(_ archive: StateArchive, _ backend: Backend) throws(StateArchiveError) {
        eigenvalues = try archive.floats("eigenvalues", count: eigenvalues.count)
        vectors = try archive.finiteTensor("vectors", like: vectors, backend)
    }
}
