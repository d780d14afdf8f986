import Compute
import Foundation
import MatrixCore
import Quantization

/// The root R = (A + ε·λmax·I)^(-p) with the eigenvectors that stand out as reflectors and the rest as a triangle, uniform steps,
/// entropy-coded: for a statistic, which comes back as R^(-1/p), and for a root.
struct DeflatedStorage: StatisticDefinition, RootDefinition {
    static let traits = StorageTraits(isCoded: false, dependsOnRoot: true, keepsRoot: true, hasVariableLength: true)
    let goal: DeflationGoal

    static func with(_ settings: StorageSettings) -> DeflatedStorage {
        guard let goal = settings.deflation else { preconditionFailure("deflated without a goal") }
        return DeflatedStorage(goal: goal)
    }

    var uncoded: any StatisticDefinition { InverseRootStorage(coding: nil) }

    /// As many bytes as the goal allows, at most; none are known where the goal is an error.
    func buffers(order: Int) -> BufferBytes {
        var bytes = BufferBytes()
        if case .bitsPerEntry(let bits) = goal.target { bytes.codes = Int(bits * Double(order * order) / 8) }
        return bytes
    }

    func buffers(order: Int, hasErrorFeedback: Bool) -> BufferBytes { buffers(order: order) }

    func keep<Backend: MatrixBackend>(
        _ source: some StatisticSource<Backend>, for use: StatisticUse, _ backend: Backend
    ) throws -> any KeptStatistic<Backend> {
        try DeflatedStatistic(
            eigenvalues: backend.map(source.eigenvalues, .magnitude), vectors: source.eigenvectors, use: use, goal: goal,
            backend)
    }

    func keep<Backend: MatrixBackend>(root: Backend.Tensor, _ backend: Backend) throws -> (any KeptRoot<Backend>)? {
        try DeflatedRoot(root, goal: goal, backend)
    }
}

extension StatisticStorage {
    public static func deflated(_ goal: DeflationGoal) -> StatisticStorage {
        Storage(.deflated, StorageSettings(deflation: goal))
    }
}

extension RootStorage {
    public static func deflated(_ goal: DeflationGoal) -> RootStorage {
        Storage(.deflated, StorageSettings(deflation: goal))
    }
}

/// A root in the form of `deflated`: bytes that are known to be whole.
private struct DeflatedBytes {
    private(set) var bytes: [UInt8]
    let order: Int

    init(_ bytes: [UInt8], order: Int) {
        self.bytes = bytes
        self.order = order
    }

    var head: DeflatedHead {
        do throws(DeflationError) {
            return try DeflatedHead(bytes, order: order)
        } catch {
            preconditionFailure("bytes that were whole: \(error)")
        }
    }

    var parts: DeflatedParts {
        do throws(DeflationError) {
            return try DeflatedParts(bytes, order: order)
        } catch {
            preconditionFailure("bytes that were whole: \(error)")
        }
    }

    /// R.
    func root<Backend: MatrixBackend>(_ backend: Backend) -> Backend.Tensor {
        let parts = parts
        if parts.weights.isEmpty { return backend.tensor(inScalar(parts.trailing)) }
        let middle = Matrix<Double>(block: parts.trailing, behind: parts.weights)
        let half = reflecting(backend.tensor(inScalar(middle)), by: parts.tails, .left, backend)
        return backend.symmetrize(reflecting(half, by: parts.tails, .right, backend))
    }

    /// `blob`.
    var archive: StateArchive {
        var archive = StateArchive()
        archive.add("blob", .bytes(bytes))
        return archive
    }

    mutating func read(_ archive: StateArchive) throws(StateArchiveError) {
        let read = try archive.bytes("blob", count: nil)
        do throws(DeflationError) {
            guard try DeflatedParts(read, order: order).isInRange else { throw .damaged("a value is not finite") }
        } catch {
            throw archive.error("blob", .invalid("\(error)"))
        }
        bytes = read
    }
}

extension Matrix<Double> {
    /// Diag(weights) and behind it a block.
    fileprivate init(block: Matrix<Double>, behind weights: [Double]) {
        let k = weights.count
        self.init(diagonal: weights + [Double](repeating: 0, count: block.columns))
        for column in 0..<block.columns {
            for row in 0..<block.rows { self[k + row, k + column] = block[row, column] }
        }
    }
}

/// A statistic kept as its root in the form of `deflated`. That root is a root in use as it is; the statistic comes back as its
/// power −1/p less δ, δ = ε·λmax, the eigenvalues of the trailing block brought back to their true range (see
/// `InverseRootStatistic`).
struct DeflatedStatistic<Backend: MatrixBackend>: RootKeepingStatistic {
    let order: Int
    let use: StatisticUse
    private let goal: DeflationGoal
    private var kept: DeflatedBytes

    /// - Parameter eigenvalues: not negative.
    /// - Throws: `DeflationError`, or `RootError.noFinitePower`.
    init(
        eigenvalues: Backend.Vector, vectors: Backend.Tensor, use: StatisticUse, goal: DeflationGoal, _ backend: Backend
    ) throws {
        let values = backend.values(of: eigenvalues).map { Double($0) }
        let shift = use.damping * (values.max() ?? 0)
        let weights = values.map { pow($0 + shift, -use.exponent) }
        guard weights.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw RootError.noFinitePower(smallestEigenvalue: values.min() ?? 0)
        }
        order = values.count
        self.use = use
        self.goal = goal
        let encoder = try DeflatedEncoder(weights: weights, vectors: vectors, exponent: use.exponent, backend)
        kept = DeflatedBytes(try encoder.bytes(goal), order: order)
    }

    func keptRoot(_ backend: Backend) -> Backend.Tensor? { kept.root(backend) }

    func magnitude(_ backend: Backend) -> Backend.Scalar {
        order == 0 ? 0 : Backend.Scalar(use.largestEigenvalue(leastOfRoot: kept.head.leastWeight))
    }

    func decodedStatistic(
        rectificationSteps steps: Int, _ backend: Backend
    ) throws(DecompositionError) -> DecodedStatistic<Backend> {
        let parts = kept.parts
        let (weights, trailing) = try backend.symmetricEigen(backend.tensor(inScalar(parts.trailing)))
        let clipped = backend.values(of: weights).map { min(max(Double($0), parts.range.lowerBound), parts.range.upperBound) }
        let largest = use.largestEigenvalue(leastOfRoot: kept.head.leastWeight)
        let eigenvalues = (parts.weights + clipped).map { Backend.Scalar(use.eigenvalue(ofRoot: $0, largest: largest)) }
        var vectors = trailing
        let k = parts.weights.count
        if k > 0 {
            vectors = backend.identity(order)
            backend.setBlock(&vectors, rows: k..<order, columns: k..<order, to: trailing)
            vectors = reflecting(vectors, by: parts.tails, .left, backend)
        }
        return .factors(eigenvalues: backend.vector(eigenvalues), vectors: vectors, areOrthonormal: true)
    }

    mutating func replace(eigenvalues: Backend.Vector, vectors: Backend.Tensor, _ backend: Backend) throws {
        self = try DeflatedStatistic(eigenvalues: eigenvalues, vectors: vectors, use: use, goal: goal, backend)
    }

    func byteCount(_ backend: Backend) -> Int { kept.bytes.count }
    func archive(_ backend: Backend) -> StateArchive { kept.archive }
    mutating func read(_ archive: StateArchive, _ backend: Backend) throws(StateArchiveError) { try kept.read(archive) }
}

/// A root in the form of `deflated`, beside a statistic of another storage.
struct DeflatedRoot<Backend: MatrixBackend>: KeptRoot {
    private var kept: DeflatedBytes

    /// - Throws: `DeflationError` or `DecompositionError`.
    init(_ root: Backend.Tensor, goal: DeflationGoal, _ backend: Backend) throws {
        let (weights, vectors) = try backend.symmetricEigen(backend.symmetrize(root))
        // Of a root alone nobody says of which power it is; a leak is of eigenvalues of A^(-1/4).
        let encoder = try DeflatedEncoder(
            weights: backend.values(of: weights).map { Double($0) }, vectors: vectors, exponent: 0.25, backend)
        kept = DeflatedBytes(try encoder.bytes(goal), order: backend.shape(of: root).rows)
    }

    func decoded(_ backend: Backend) -> Backend.Tensor { kept.root(backend) }
    func byteCount(_ backend: Backend) -> Int { kept.bytes.count }
    func archive(_ backend: Backend) -> StateArchive { kept.archive }
    mutating func read(_ archive: StateArchive, _ backend: Backend) throws(StateArchiveError) { try kept.read(archive) }
}
