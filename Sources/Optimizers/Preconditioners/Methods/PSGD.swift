import Compute
import Foundation
import MatrixCore
import Preconditioning
import Quantization

/// PSGD in its affine form: Ĝ = PG with P = QᵀQ and Q = Q₂ ⊗ Q₁ of two upper triangular factors, Ĝ = Q₁ᵀQ₁·G·Q₂ᵀQ₂.
///
/// P is fitted so that E[⟨G, PG⟩ + ⟨V, P⁻¹V⟩] is least for V of independent normal entries, that is P² = E[ggᵀ]⁻¹, by steps on the
/// group of triangular matrices: with A = Q₁GQ₂ᵀ and B = Q₁⁻ᵀVQ₂⁻¹, Q₁ ← Q₁ − μ/‖AAᵀ + BBᵀ‖·triu(AAᵀ − BBᵀ)·Q₁, and Q₂ likewise from
/// AᵀA and BᵀB, ‖·‖ the largest norm of a column, which is at most the spectral norm. Both factors then get the same largest entry. No damping is needed. Q begins at the
/// multiple of I with which the first gradient becomes one of root mean square 1, and Ĝ is scaled down to a root mean square of at most 1.1.
///
/// A side that is longer than the largest order has Q = I. A coded factor keeps its diagonal in float32.
///
/// Source: Li, "Preconditioned stochastic gradient descent", IEEE TNNLS 29 (2018), and "Stochastic Hessian fittings with Lie groups",
/// arXiv 2402.11858; the step's norm and the limit of 1.1 as its published code (Kron, whitening).
public enum PSGDMethod: PreconditionerMethod {
    public static let name = "psgd"
    public static let keepsRoots = false
    public static let defaults = PreconditionerDefaults(
        statisticsInterval: 1, rootInterval: 1, largestOrder: 8192, decay: 0, damping: 1e-6, exponent: 0.5,
        updateRectificationSteps: 0, rootRectificationSteps: 0, retainsDamping: false, own: MethodParameters(rate: 0.1))

    public static func admits(_ statistic: StatisticKind) -> Bool { [.exact, .cholesky].contains(statistic) }

    public static func adjust(_ values: inout FirstOrderHyperparameters) { values.learningRate = 1e-3 }

    /// The factor of every side that is not too long.
    public static func buffers(
        of parameter: ParameterShape, _ scheme: PreconditionerScheme, _ settings: PreconditionerSettings
    ) -> (statistics: BufferBytes, roots: BufferBytes) {
        var factors = BufferBytes()
        for order in parameter.isMatrix ? [parameter.rows, parameter.columns] : [] where order <= settings.largestOrder {
            let coding = order < scheme.smallestCodedOrder ? nil : scheme.statistic.coding
            factors =
                factors
                + (coding.map {
                    BufferBytes(of: CodedForm(order: order, region: .strictUpper, coding: $0, keepsDiagonal: true))
                } ?? .entries(order * order))
        }
        return (factors, BufferBytes())
    }

    public static func preconditioned<Base: OptimizerRule>(
        _ base: Base, _ settings: PreconditionerSettings
    ) -> any OptimizerRule<Base.Backend> {
        Preconditioned(base: base, method: PSGD<Base.Backend>(settings))
    }
}

/// PSGD with its settings.
public struct PSGD<Backend: MatrixBackend>: GradientPreconditioner {
    public struct State: Sendable {
        /// Q₁ and Q₂, nil for I.
        var factors: [TriangularFactor<Backend>?]
        /// Whether they have met a gradient.
        var hasBegun = false
        /// Of the V.
        var generator: PhiloxGenerator
    }

    public let settings: PreconditionerSettings

    public init(_ settings: PreconditionerSettings) { self.settings = settings }

    public init(from decoder: any Decoder) throws {
        settings = try PreconditionerSettings(from: decoder, method: PSGDMethod.name)
    }

    public func encode(to encoder: any Encoder) throws { try settings.encode(to: encoder, method: PSGDMethod.name) }

    public var schedule: PreconditionerSchedule { settings.schedule }

    public func initialState(
        for parameter: ParameterShape, named name: String?, using generator: inout some RandomNumberGenerator,
        _ backend: Backend
    ) throws -> State? {
        guard parameter.isMatrix else { return nil }
        let scheme = name.map { settings.scheme(of: $0) } ?? settings.scheme
        let factors = try [parameter.rows, parameter.columns].map { order in
            order > settings.largestOrder
                ? nil
                : try TriangularFactor(
                    backend.identity(order), order < scheme.smallestCodedOrder ? nil : scheme.statistic.coding, backend)
        }
        return State(factors: factors, generator: PhiloxGenerator(seed: generator.next()))
    }

    public func update(
        _ state: inout State, with gradient: ParameterGradient<Backend>, step: OptimizerStep, _ backend: Backend
    ) {
        guard schedule.takesStatistics(at: step), gradient.norm > 0 else { return }
        let (rows, columns) = backend.shape(of: gradient.tensor)
        var factors = state.factors.map { $0?.tensor(backend) }
        if !state.hasBegun {
            let rootMeanSquare = gradient.norm / Backend.Scalar(rows * columns).squareRoot()
            let count = factors.compactMap(\.self).count
            // P has the factors twice.
            let start = Backend.Scalar(pow(1 / Double(rootMeanSquare), 0.5 / Double(max(count, 1))))
            factors = factors.map { $0.map { backend.scaled(start, $0) } }
        }
        let normals = normalTensor(rows: rows, columns: columns, using: &state.generator, backend)
        let fitted = fit(factors, gradient.tensor, normals, backend)
        // A factor that cannot be coded is not finite, and what was stays.
        let kept = zip(state.factors, fitted).map { factor, tensor in
            tensor.flatMap { factor?.with($0, backend) }
        }
        guard zip(state.factors, kept).allSatisfy({ ($0 == nil) == ($1 == nil) }) else { return }
        state.factors = kept
        state.hasBegun = true
    }

    /// One step of both factors.
    private func fit(
        _ factors: [Backend.Tensor?], _ gradient: Backend.Tensor, _ normals: Backend.Tensor, _ backend: Backend
    ) -> [Backend.Tensor?] {
        var (a, b) = (gradient, backend.transposed(normals))
        if let left = factors[0] {
            a = backend.multiply(left, a)
            b = backend.transposed(backend.solveTriangular(left, transposed: true, normals))
        }
        if let right = factors[1] {
            a = backend.multiply(a, transposed: false, right, transposed: true, alpha: 1)
            b = backend.solveTriangular(right, transposed: true, b)
        }
        // B is transposed by now.
        let next = [
            factors[0].map { stepped($0, gram(a, false, backend), gram(b, true, backend), backend) },
            factors[1].map { stepped($0, gram(a, true, backend), gram(b, false, backend), backend) },
        ]
        return balanced(next, backend)
    }

    private func gram(_ a: Backend.Tensor, _ transposed: Bool, _ backend: Backend) -> Backend.Tensor {
        backend.symmetricProduct(a, transposed: transposed, alpha: 1)
    }

    /// Q − μ/‖S + T‖·triu(S − T)·Q.
    private func stepped(
        _ factor: Backend.Tensor, _ s: Backend.Tensor, _ t: Backend.Tensor, _ backend: Backend
    ) -> Backend.Tensor {
        let order = backend.shape(of: factor).rows
        let squares = backend.values(of: backend.squaredColumnNorms(backend.combine(1, s, 1, t)))
        let norm = (squares.max() ?? 0).squareRoot()
        guard norm > 0 else { return factor }
        let upper = backend.elementwiseProduct(backend.combine(1, s, -1, t), upperOnes(order, backend))
        let rate = Backend.Scalar(settings.own.rate ?? 0) / norm
        return backend.combine(1, factor, -rate, backend.multiply(upper, factor))
    }

    private func upperOnes(_ order: Int, _ backend: Backend) -> Backend.Tensor {
        var ones = Matrix<Backend.Scalar>(rows: order, columns: order)
        for column in 0..<order { for row in 0...column { ones[row, column] = 1 } }
        return backend.tensor(ones)
    }

    /// Both factors with the geometric mean of their largest entries.
    private func balanced(_ factors: [Backend.Tensor?], _ backend: Backend) -> [Backend.Tensor?] {
        let present = factors.compactMap(\.self)
        guard present.count == 2 else { return factors }
        let largest = backend.largestMagnitudes(of: present)
        let mean = (largest[0] * largest[1]).squareRoot()
        guard mean > 0, mean.isFinite else { return factors }
        return zip(present, largest).map { backend.scaled(mean / $1, $0) }
    }

    public func direction(of gradient: Backend.Tensor, _ state: State, _ backend: Backend) -> Backend.Tensor {
        var direction = gradient
        if let left = state.factors[0]?.tensor(backend) {
            direction = backend.multiply(left, transposed: true, backend.multiply(left, direction))
        }
        if let right = state.factors[1]?.tensor(backend) {
            let product = backend.multiply(direction, transposed: false, right, transposed: true, alpha: 1)
            direction = backend.multiply(product, right)
        }
        return direction
    }

    public func complete(
        _ directions: inout [Backend.Tensor], of gradients: [ParameterGradient<Backend>], _ states: [State],
        learningRate: Double, _ backend: Backend
    ) throws(GradientError) {
        let norms = try finiteNorms(of: directions, backend)
        let factors = zip(norms, gradients).map { norm, gradient in
            let (rows, columns) = backend.shape(of: gradient.tensor)
            let rootMeanSquare = norm / Backend.Scalar(rows * columns).squareRoot()
            return rootMeanSquare > 1.1 ? 1.1 / rootMeanSquare : 1
        }
        backend.combine(factors, intoEach: &directions, 0, gradients.map(\.tensor))
    }

    public func sides(of state: State) -> [PreconditionerSide<Backend>] { [] }

    public func byteCount(_ state: State, _ backend: Backend) -> Int {
        state.factors.reduce(0) { $0 + ($1?.byteCount(backend) ?? 0) }
    }

    /// `factors/0/…` and `factors/1/…`, together `byteCount` bytes, `begun` and `generator`.
    public func archive(_ state: State, _ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        for (index, factor) in state.factors.enumerated() {
            if let factor { archive.add("factors/\(index)", factor.archive(backend)) }
        }
        archive.add("begun", .integers([state.hasBegun ? 1 : 0]))
        archive.add("generator", state.generator)
        return archive
    }

    public func read(
        _ state: inout State, from archive: StateArchive, _ backend: Backend
    ) throws(StateArchiveError) {
        for index in state.factors.indices { try state.factors[index]?.read(archive.part("factors/\(index)"), backend) }
        state.hasBegun = try archive.integers("begun", count: 1)[0] == 1
        state.generator = try archive.generator("generator")
    }
}

/// An upper triangular factor: as it is, or its entries above the diagonal coded column by column, its diagonal in float32.
struct TriangularFactor<Backend: MatrixBackend>: Sendable {
    private enum Kept {
        case exact(Backend.Tensor)
        case coded(Backend.CodedTensor, BlockCoding)
    }

    private var kept: Kept

    /// - Throws: `QuantizationError.notFinite`.
    init(_ factor: Backend.Tensor, _ coding: BlockCoding?, _ backend: Backend) throws(QuantizationError) {
        guard let coding else {
            kept = .exact(factor)
            return
        }
        let form = CodedForm(
            order: backend.shape(of: factor).rows, region: .strictUpper, coding: coding, keepsDiagonal: true)
        kept = .coded(try backend.encode(factor, as: form), coding)
    }

    /// Another factor kept in the same way; nil for one that is not finite.
    func with(_ factor: Backend.Tensor, _ backend: Backend) -> TriangularFactor? {
        switch kept {
        case .exact: backend.largestMagnitude(factor).isFinite ? try? TriangularFactor(factor, nil, backend) : nil
        case .coded(_, let coding): try? TriangularFactor(factor, coding, backend)
        }
    }

    func tensor(_ backend: Backend) -> Backend.Tensor {
        switch kept {
        case .exact(let tensor): tensor
        case .coded(let coded, _): backend.decode(coded)
        }
    }

    func byteCount(_ backend: Backend) -> Int {
        switch kept {
        case .exact(let tensor): backend.byteCount(tensor)
        case .coded(let coded, _): backend.byteCount(coded)
        }
    }

    /// `entries`, or codes, block maxima and diagonal.
    func archive(_ backend: Backend) -> StateArchive {
        switch kept {
        case .exact(let tensor):
            var archive = StateArchive()
            archive.add("entries", tensor, backend)
            return archive
        case .coded(let coded, _): return backend.codedMatrix(coded).archive
        }
    }

    mutating func read(_ archive: StateArchive, _ backend: Backend) throws(StateArchiveError) {
        switch kept {
        case .exact(let tensor): kept = .exact(try archive.finiteTensor("entries", like: tensor, backend))
        case .coded(let coded, let coding):
            kept = .coded(try backend.codedTensor(like: coded, from: archive), coding)
        }
    }
}

/// Independent normal entries, in the order of the memory.
private func normalTensor<Backend: MatrixBackend>(
    rows: Int, columns: Int, using generator: inout PhiloxGenerator, _ backend: Backend
) -> Backend.Tensor {
    var values: [Backend.Scalar] = []
    values.reserveCapacity(rows * columns + 1)
    while values.count < rows * columns {
        let (first, second) = generator.normalPair()
        values.append(Backend.Scalar(first))
        values.append(Backend.Scalar(second))
    }
    return backend.tensor(Matrix(rows: rows, columns: columns, elements: Array(values.prefix(rows * columns))))
}
