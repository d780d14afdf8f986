import Compute
import MatrixCore
import Quantization

/// The lower Cholesky factor: diagonal in float32, strict lower triangle coded row by row. With error feedback a second
/// triangle of codes.
struct CholeskyStorage: CodedStatisticDefinition {
    static let traits = StorageTraits(isShifted: true, takesErrorFeedback: true)
    let coding: BlockCoding

    /// Of Lᵀ.
    func form(order: Int) -> CodedForm {
        CodedForm(order: order, region: .strictUpper, coding: coding, keepsDiagonal: true)
    }

    func errorForm(order: Int) -> CodedForm { CodedForm(order: order, region: .strictUpper, coding: coding) }

    func buffers(order: Int, hasErrorFeedback: Bool) -> BufferBytes {
        let factor = BufferBytes(of: form(order: order))
        return hasErrorFeedback ? factor + BufferBytes(of: errorForm(order: order)) : factor
    }

    func keep<Backend: MatrixBackend>(
        _ source: some StatisticSource<Backend>, for use: StatisticUse, _ backend: Backend
    ) throws -> any KeptStatistic<Backend> {
        var kept = try CholeskyStatistic(
            source.matrix, shift: source.shift(damping: use.damping), coding: coding, backend: backend)
        kept.isDamped = use.shift == .relative
        if use.hasErrorFeedback { try kept.beginErrorFeedback(backend) }
        return kept
    }
}

extension StatisticStorage {
    public static func cholesky(_ coding: BlockCoding) -> StatisticStorage { Storage(.cholesky, coding) }
}

/// A statistic kept by its lower Cholesky factor: A + δI = L·Lᵀ, the diagonal of L in float32, its strict lower triangle
/// coded row by row. The decoded statistic is symmetric and positive semidefinite whatever the codes.
///
/// Source: Li, Ding, Toh, Zhou, arXiv 2412.10663; error feedback as quoted in secondary sources.
public struct CholeskyStatistic<Backend: MatrixBackend>: KeptStatistic {
    public let order: Int
    private var factor: Backend.CodedTensor
    /// E of the error feedback, in the place of the other triangle.
    private var error: Backend.CodedTensor?
    private let storage: CholeskyStorage
    public fileprivate(set) var isDamped = true

    /// - Parameter shift: δ ≥ 0, the absolute damping, added before factorizing.
    /// - Throws: `DecompositionError.notPositiveDefinite` or `QuantizationError.notFinite`.
    public init(
        _ statistic: Backend.Tensor, shift: Backend.Scalar, coding: BlockCoding, backend: Backend
    ) throws {
        let upper = try backend.choleskyFactor(shift == 0 ? statistic : backend.addToDiagonal(statistic, shift))
        order = backend.shape(of: upper).rows
        storage = CholeskyStorage(coding: coding)
        factor = try backend.encode(upper, as: storage.form(order: order))
    }

    /// E ← 0.
    fileprivate mutating func beginErrorFeedback(_ backend: Backend) throws(QuantizationError) {
        error = try backend.encode(backend.zeros(rows: order, columns: order), as: storage.errorForm(order: order))
    }

    /// D(L)·D(L)ᵀ, damping included.
    public func decoded(_ backend: Backend) -> Backend.Tensor {
        backend.symmetricProduct(backend.decode(factor), transposed: true, alpha: 1)
    }

    public func decodedStatistic(rectificationSteps steps: Int, _ backend: Backend) -> DecodedStatistic<Backend> {
        .entries(decoded(backend), isSymmetric: true)
    }

    /// C ← Cholesky(A + δI) of the new A, δ by the scheme's shift; with error feedback C̄ = Q(C + E) and
    /// E ← βe·E + (1 − βe)·(C + E − D(C̄)).
    @discardableResult
    public mutating func update(
        with moment: Backend.Tensor, by scheme: PreconditionerScheme, using generator: inout some RandomNumberGenerator,
        _ backend: Backend
    ) throws -> StatisticUpdate<Backend>? {
        guard let a = try scheme.blended(decoded(backend), of: self, with: moment, backend) else { return nil }
        let upper = try backend.choleskyFactor(scheme.shifted(a, using: &generator, backend))
        guard let error, let decay = scheme.errorFeedbackDecay else {
            factor = try backend.encode(upper, as: storage.form(order: order))
            return StatisticUpdate(a)
        }
        let previous = backend.decode(error)
        let target = backend.combine(1, upper, 1, previous)
        let next = try backend.encode(target, as: storage.form(order: order))
        let residual = backend.combine(1, target, -1, backend.decode(next))
        let feedback = backend.combine(Backend.Scalar(decay), previous, Backend.Scalar(1 - decay), residual)
        self.error = try backend.encode(feedback, as: storage.errorForm(order: order))
        factor = next
        return StatisticUpdate(a)
    }

    public func byteCount(_ backend: Backend) -> Int {
        backend.byteCount(factor) + (error.map { backend.byteCount($0) } ?? 0)
    }

    /// `factor`: codes, block maxima and diagonal; `error`: codes and block maxima.
    public func archive(_ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        archive.add("factor", backend.codedMatrix(factor).archive)
        if let error { archive.add("error", backend.codedMatrix(error).archive) }
        return archive
    }

    public mutating func read(_ archive: StateArchive, _ backend: Backend) throws(StateArchiveError) {
        factor = try backend.codedTensor(like: factor, from: archive.part("factor"))
        if let form = error { error = try backend.codedTensor(like: form, from: archive.part("error")) }
    }
}
