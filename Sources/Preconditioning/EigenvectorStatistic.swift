import Compute
import MatrixCore
import Quantization

/// A statistic kept by its eigenvalues in float32 and its coded eigenvectors.
///
/// Source: Wang et al. 2024, section 3.3.
public struct EigenvectorStatistic<Backend: MatrixBackend>: Sendable {
    public let eigenvalues: [Float]
    private let vectors: Backend.CodedTensor

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
