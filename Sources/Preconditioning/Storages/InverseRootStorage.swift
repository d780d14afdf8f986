import Compute
import Foundation
import MatrixCore
import Quantization

/// The statistic kept as its root R = (A + ε·λmax·I)^(-p): R in the form of `symmetric`, and its least and largest eigenvalue
/// in float32.
struct InverseRootStorage: StatisticDefinition {
    static let traits = StorageTraits(dependsOnRoot: true, keepsRoot: true)
    /// Nil where R is kept in float32.
    let coding: BlockCoding?

    static func with(_ settings: StorageSettings) -> InverseRootStorage { InverseRootStorage(coding: settings.coding) }

    var uncoded: any StatisticDefinition { InverseRootStorage(coding: nil) }

    var layout: EntryLayout? { coding.flatMap { SymmetricStorage(coding: $0).layout } }

    func buffers(order: Int, hasErrorFeedback: Bool) -> BufferBytes {
        var bytes = layout.map { BufferBytes(of: $0.form(order: order)) } ?? .entries(order: order)
        bytes.diagonals += 8
        return bytes
    }

    func keep<Backend: MatrixBackend>(
        _ source: some StatisticSource<Backend>, for use: StatisticUse, _ backend: Backend
    ) throws -> any KeptStatistic<Backend> {
        try InverseRootStatistic(
            eigenvalues: backend.map(source.eigenvalues, .magnitude), vectors: source.eigenvectors, use: use,
            layout: layout, backend)
    }
}

extension StatisticStorage {
    public static func inverseRoot(_ coding: BlockCoding) -> StatisticStorage { Storage(.inverseRoot, coding) }
}

/// A statistic kept as its root R = (A + δI)^(-p), δ = ε·λmax: the diagonal of R in float32, its strict lower triangle coded,
/// and the least and largest eigenvalue of R in float32. R is a root in use as it is, so that one state serves both.
///
/// Decoding: R = W·Diag(w)·Wᵀ, w brought back to the range that is kept, A = W·Diag(w^(-1/p))·Wᵀ − δI. The range matters: an
/// error of the codes that takes an eigenvalue of R below its least one would come back as its power −1/p, and a statistic
/// that is coded anew at every update would run away.
///
/// Numerics: with p = 1/4 the condition number of R is the fourth root of that of A + δI, so that R is kept in float32 to
/// n·2^-24 of its least eigenvalue where A itself would be lost. An eigenvalue of A below zero, by rounding of w^(-1/p) − δ,
/// becomes zero.
struct InverseRootStatistic<Backend: MatrixBackend>: RootKeepingStatistic {
    let order: Int
    let use: StatisticUse
    private let layout: EntryLayout?
    private var root: StoredMatrix<Backend>
    /// Of the eigenvalues of R.
    private var range: ClosedRange<Float>

    var isCoded: Bool { layout != nil }

    /// - Parameter eigenvalues: not negative.
    /// - Throws: `RootError.noFinitePower` or `QuantizationError.notFinite`.
    init(
        eigenvalues: Backend.Vector, vectors: Backend.Tensor, use: StatisticUse, layout: EntryLayout?, _ backend: Backend
    ) throws {
        let values = backend.values(of: eigenvalues).map { Double($0) }
        let (least, largest) = (values.min() ?? 1, values.max() ?? 1)
        let root = factoredRoot(
            vectors: vectors, eigenvalues: eigenvalues, exponent: use.exponent, damping: use.damping, backend)
        let weights = [largest, least].map { Float(pow($0 + use.damping * largest, -use.exponent)) }
        guard let root, weights.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw RootError.noFinitePower(smallestEigenvalue: least)
        }
        order = values.count
        self.use = use
        self.layout = layout
        self.root = try StoredMatrix(root, layout: layout, backend)
        range = weights[0]...max(weights[0], weights[1])
    }

    func keptRoot(_ backend: Backend) -> Backend.Tensor? { root.decoded(backend) }

    private var largestEigenvalue: Double { use.largestEigenvalue(leastOfRoot: Double(range.lowerBound)) }

    func magnitude(_ backend: Backend) -> Backend.Scalar { Backend.Scalar(largestEigenvalue) }

    func decodedStatistic(
        rectificationSteps steps: Int, _ backend: Backend
    ) throws(DecompositionError) -> DecodedStatistic<Backend> {
        let (weights, vectors) = try backend.symmetricEigen(root.decoded(backend))
        let (least, largest) = (Double(range.lowerBound), Double(range.upperBound))
        let eigenvalues = backend.values(of: weights).map { weight in
            Backend.Scalar(use.eigenvalue(ofRoot: min(max(Double(weight), least), largest), largest: largestEigenvalue))
        }
        return .factors(eigenvalues: backend.vector(eigenvalues), vectors: vectors, areOrthonormal: true)
    }

    mutating func replace(eigenvalues: Backend.Vector, vectors: Backend.Tensor, _ backend: Backend) throws {
        self = try InverseRootStatistic(eigenvalues: eigenvalues, vectors: vectors, use: use, layout: layout, backend)
    }

    func byteCount(_ backend: Backend) -> Int { root.byteCount(backend) + 8 }

    /// The buffers of R, and `range`, its least and largest eigenvalue.
    func archive(_ backend: Backend) -> StateArchive {
        var archive = root.archive(backend)
        archive.add("range", .floats([range.lowerBound, range.upperBound]))
        return archive
    }

    mutating func read(_ archive: StateArchive, _ backend: Backend) throws(StateArchiveError) {
        let ends = try archive.floats("range", count: 2)
        guard ends[0] > 0, ends[0] <= ends[1] else {
            throw archive.error("range", .invalid("\(ends[0]) to \(ends[1]) is no range of positive eigenvalues"))
        }
        range = ends[0]...ends[1]
        try root.read(archive, backend)
    }
}
