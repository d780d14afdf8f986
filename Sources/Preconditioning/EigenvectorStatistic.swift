import Compute
import MatrixCore
import Quantization

/// A statistic kept by its eigenvalues in float32 and its coded eigenvectors.
///
/// Source: Wang et al. 2024, section 3.3.
public struct EigenvectorStatistic<Backend: MatrixBackend>: Sendable {
    public private(set) var eigenvalues: [Float]
    private var vectors: Backend.CodedTensor

    /// - Throws: `QuantizationError.notFinite`.
    public init(
        eigenvalues: [Backend.Scalar], vectors: Backend.Tensor, coding: BlockCoding, backend: Backend
    ) throws(QuantizationError) {
        self.eigenvalues = try singlePrecision(eigenvalues)
        self.vectors = try backend.encode(vectors, region: .columns, coding: coding, keepingDiagonal: false)
    }

    /// The eigenvectors after `steps` of Björck's orthonormalization.
    public func vectors(rectificationSteps steps: Int, _ backend: Backend) -> Backend.Tensor {
        rectify(backend.decode(vectors), steps: steps, backend)
    }

    public func byteCount(_ backend: Backend) -> Int { 4 * eigenvalues.count + backend.byteCount(vectors) }

    /// `eigenvalues`, and the eigenvectors' codes and block maxima.
    func archive(_ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        archive.add("eigenvalues", .floats(eigenvalues))
        archive.add("vectors", backend.parts(of: vectors).archive)
        return archive
    }

    /// - Throws: `StateArchiveError`.
    mutating func read(_ archive: StateArchive, _ backend: Backend) throws(StateArchiveError) {
        eigenvalues = try archive.floats("eigenvalues", count: eigenvalues.count)
        vectors = try backend.codedTensor(like: vectors, from: archive.part("vectors"))
    }
}

/// Eigenvalues as the storages by factors keep them.
///
/// - Throws: `QuantizationError.notFinite` where one leaves the range of float32.
public func singlePrecision<Scalar: MatrixScalar>(_ eigenvalues: [Scalar]) throws(QuantizationError) -> [Float] {
    let rounded = eigenvalues.map { Float($0) }
    if let index = rounded.firstIndex(where: { !$0.isFinite }) {
        throw .notFinite(row: index, column: index, value: rounded[index])
    }
    return rounded
}
