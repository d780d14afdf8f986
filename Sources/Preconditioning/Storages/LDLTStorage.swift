import Compute
import Foundation
import MatrixCore
import Quantization

/// The factors of A + δI = L·D·Lᵀ: log₂ D in float32, the strict lower triangle of the unit-triangular L coded row by row.
struct LDLTStorage: CodedStatisticDefinition {
    static let traits = StorageTraits(isShifted: true)
    let coding: BlockCoding

    /// Of Lᵀ without its diagonal.
    func form(order: Int) -> CodedForm { CodedForm(order: order, region: .strictUpper, coding: coding) }

    func buffers(order: Int, hasErrorFeedback: Bool) -> BufferBytes {
        BufferBytes(of: form(order: order), values: order)
    }

    func keep<Backend: MatrixBackend>(
        _ source: some StatisticSource<Backend>, for use: StatisticUse, _ backend: Backend
    ) throws -> any KeptStatistic<Backend> {
        let damped = backend.addToDiagonal(source.matrix, source.shift(damping: use.damping))
        return try LDLTStatistic(damped, isDamped: use.shift == .relative, coding: coding, backend: backend)
    }
}

/// A statistic kept by the factors of A + δI = L·D·Lᵀ. The decoded statistic is symmetric and positive definite whatever the
/// codes: D = 2^(log₂ D) is positive, and L has ones on its diagonal.
///
/// Numerics: an entry of D keeps |log₂ d|·2^-24·ln 2 of itself, so that any range of eigenvalues fits into float32.
struct LDLTStatistic<Backend: MatrixBackend>: KeptStatistic {
    let order: Int
    let isDamped: Bool
    /// Lᵀ without its diagonal.
    private var factor: Backend.CodedTensor
    private var logarithms: [Float]
    private let storage: LDLTStorage

    /// - Parameter damped: A + δI.
    /// - Throws: `DecompositionError.notPositiveDefinite` or `QuantizationError.notFinite`.
    init(_ damped: Backend.Tensor, isDamped: Bool, coding: BlockCoding, backend: Backend) throws {
        // D^½·Lᵀ.
        let upper = try backend.choleskyFactor(damped)
        let diagonal = backend.values(of: backend.diagonal(upper))
        order = diagonal.count
        self.isDamped = isDamped
        storage = LDLTStorage(coding: coding)
        logarithms = diagonal.map { Float(2 * log2(Double($0))) }
        // L − I is the mirrored factor, its columns divided by the diagonal, less what is not below the diagonal. Twice that
        // plus its transpose, halved, is Lᵀ above the diagonal.
        let scales = backend.vector(diagonal.map { 2 / $0 })
        let doubled = backend.combine(
            1, backend.scaleColumns(backend.mirrorUpperTriangle(upper), by: scales), -1,
            backend.scaleColumns(upper, by: scales))
        factor = try backend.encode(backend.symmetrize(doubled), as: storage.form(order: order))
    }

    /// D(L)·D·D(L)ᵀ, damping included.
    func decodedStatistic(rectificationSteps steps: Int, _ backend: Backend) -> DecodedStatistic<Backend> {
        let upper = backend.decode(factor)
        let lower = backend.addToDiagonal(backend.combine(1, backend.mirrorUpperTriangle(upper), -1, upper), 1)
        let scales = backend.vector(logarithms.map { Backend.Scalar(exp2(Double($0) / 2)) })
        return .entries(
            backend.symmetricProduct(backend.scaleColumns(lower, by: scales), transposed: false, alpha: 1),
            isSymmetric: true)
    }

    /// The factors of the new A + δI, δ by the scheme's shift.
    @discardableResult
    mutating func update(
        with moment: Backend.Tensor, by scheme: PreconditionerScheme, using generator: inout some RandomNumberGenerator,
        _ backend: Backend
    ) throws -> StatisticUpdate<Backend>? {
        let decoded = try decoded(rectificationSteps: 0, backend)
        guard let a = try scheme.blended(decoded, of: self, with: moment, backend) else { return nil }
        self = try LDLTStatistic(
            scheme.shifted(a, using: &generator, backend), isDamped: isDamped, coding: storage.coding, backend: backend)
        return StatisticUpdate(a)
    }

    func byteCount(_ backend: Backend) -> Int { 4 * order + backend.byteCount(factor) }

    /// `logarithms`, and the codes and block maxima of `factor`.
    func archive(_ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        archive.add("logarithms", .floats(logarithms))
        archive.add("factor", backend.codedMatrix(factor).archive)
        return archive
    }

    mutating func read(_ archive: StateArchive, _ backend: Backend) throws(StateArchiveError) {
        logarithms = try archive.floats("logarithms", count: order)
        factor = try backend.codedTensor(like: factor, from: archive.part("factor"))
    }
}
