import Compute
import MatrixCore
import Quantization

/// Eigenvalues in float32, eigenvectors coded, blocks inside one eigenvector.
struct EigenvectorStorage: CodedStatisticDefinition {
    static let traits = StorageTraits(isFactored: true, isRectified: true)
    let coding: BlockCoding

    var uncoded: any StatisticDefinition { BasisStorage(iteratesInDescendingOrder: false) }

    func form(order: Int) -> CodedForm { CodedForm(order: order, region: .columns, coding: coding) }

    func buffers(order: Int, hasErrorFeedback: Bool) -> BufferBytes {
        BufferBytes(of: form(order: order), values: order)
    }

    func keep<Backend: MatrixBackend>(
        _ source: some StatisticSource<Backend>, for use: StatisticUse, _ backend: Backend
    ) throws -> any KeptStatistic<Backend> {
        try EigenvectorStatistic(
            eigenvalues: source.eigenvalues, vectors: source.eigenvectors, coding: coding, backend: backend)
    }
}

extension StatisticStorage {
    public static func eigenvector(_ coding: BlockCoding) -> StatisticStorage { Storage(.eigenvector, coding) }
}

/// A statistic kept by its eigenvalues in float32 and its coded eigenvectors.
///
/// Source: Wang et al. 2024, section 3.3.
public struct EigenvectorStatistic<Backend: MatrixBackend>: FactoredStatistic {
    public let order: Int
    public private(set) var eigenvalues: Backend.Vector
    private var codedVectors: Backend.CodedTensor
    private let storage: EigenvectorStorage

    public var areVectorsOrthonormal: Bool { false }
    public var iteratesInDescendingOrder: Bool { false }

    /// - Throws: `QuantizationError.notFinite`.
    public init(
        eigenvalues: Backend.Vector, vectors: Backend.Tensor, coding: BlockCoding, backend: Backend
    ) throws(QuantizationError) {
        storage = EigenvectorStorage(coding: coding)
        order = backend.shape(of: vectors).columns
        self.eigenvalues = try backend.singlePrecision(eigenvalues)
        codedVectors = try backend.encode(vectors, as: storage.form(order: order))
    }

    /// The eigenvectors after `steps` of Björck's orthonormalization.
    public func vectors(rectificationSteps steps: Int, _ backend: Backend) -> Backend.Tensor {
        rectify(backend.decode(codedVectors), steps: steps, backend)
    }

    public mutating func replace(
        by factors: NewFactors<Backend>, for use: StatisticUse, _ backend: Backend
    ) throws(QuantizationError) {
        self = try EigenvectorStatistic(
            eigenvalues: factors.eigenvalues, vectors: signed(factors.vectors, backend), coding: storage.coding,
            backend: backend)
    }

    /// Eigenvectors with the sign that makes their largest entry positive, where the codebook lacks −1: a QR step gives
    /// −eₖ as often as eₖ, and dynamic-tree would code it a tenth too short.
    private func signed(_ vectors: Backend.Tensor, _ backend: Backend) -> Backend.Tensor {
        storage.coding.codebook.values[0] > -1 ? backend.orientColumns(vectors) : vectors
    }

    public mutating func replace(eigenvalues: Backend.Vector, _ backend: Backend) throws(QuantizationError) {
        self.eigenvalues = try backend.singlePrecision(eigenvalues)
    }

    public func byteCount(_ backend: Backend) -> Int { 4 * order + backend.byteCount(codedVectors) }

    /// `eigenvalues`, and the eigenvectors' codes and block maxima.
    public func archive(_ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        archive.add("eigenvalues", .floats(backend.values(of: eigenvalues).map { Float($0) }))
        archive.add("vectors", backend.codedMatrix(codedVectors).archive)
        return archive
    }

    public mutating func read(_ archive: StateArchive, _ backend: Backend) throws(StateArchiveError) {
        eigenvalues = backend.vector(try archive.floats("eigenvalues", count: order).map { Backend.Scalar($0) })
        codedVectors = try backend.codedTensor(like: codedVectors, from: archive.part("vectors"))
    }
}
