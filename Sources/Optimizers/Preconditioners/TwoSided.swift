import Compute
import MatrixCore
import Preconditioning

/// A method that keeps, for every block of a matrix, a statistic L of its rows and R of its columns, each a running mean of
/// moments, and their roots L̂ and R̂.
public protocol TwoSidedMethod: PreconditionerMethod {
    /// Whether moments are of the gradient's factors.
    static var wantsFactors: Bool { get }

    /// M of a side: its statistic becomes βA + (1 − β)M.
    static func moment<Backend: MatrixBackend>(
        of gradient: ParameterGradient<Backend>, at place: BlockSidePlace, _ backend: Backend
    ) -> Backend.Tensor

    /// Ĝ of a block.
    static func direction<Backend: MatrixBackend>(
        of gradient: Backend.Tensor, _ roots: BlockRoots<Backend>
    ) -> Backend.Tensor
}

extension TwoSidedMethod {
    public static var wantsFactors: Bool { false }
    public static var joinsBiases: Bool { wantsFactors }

    public static func preconditioned<Base: OptimizerRule>(
        _ base: Base, _ settings: PreconditionerSettings
    ) -> any OptimizerRule<Base.Backend> {
        Preconditioned(base: base, method: TwoSided<Self, Base.Backend>(settings))
    }
}

/// A two-sided method with its settings.
///
/// At step t, from 1: where T₁ divides t the statistics take a moment of this step's gradient; where T₂ divides t,
/// L̂ = (L + ε·λmax·I)^(-p) and R̂ likewise; then comes the method's Ĝ. Parameters of one dimension are left as they are.
public struct TwoSided<Method: TwoSidedMethod, Backend: MatrixBackend>: GradientPreconditioner {
    public let settings: PreconditionerSettings

    public init(_ settings: PreconditionerSettings) { self.settings = settings }

    public init(from decoder: any Decoder) throws {
        settings = try PreconditionerSettings(from: decoder, method: Method.name)
    }

    public func encode(to encoder: any Encoder) throws { try settings.encode(to: encoder, method: Method.name) }

    public var schedule: PreconditionerSchedule { settings.schedule }

    public func initialState(
        for parameter: ParameterShape, named name: String?, using generator: inout some RandomNumberGenerator,
        _ backend: Backend
    ) throws -> BlockSides<Backend>? {
        parameter.isMatrix ? try BlockSides(parameter, named: name, settings, using: &generator, backend) : nil
    }

    public var joinsBiases: Bool { Method.joinsBiases }

    public func wantsFactors(at step: OptimizerStep) -> Bool { Method.wantsFactors && schedule.takesStatistics(at: step) }

    public func update(
        _ state: inout BlockSides<Backend>, with gradient: ParameterGradient<Backend>, step: OptimizerStep,
        _ backend: Backend
    ) {
        if schedule.takesStatistics(at: step) {
            state.updateConcurrently(backend) { lane, place, side in
                side.updateStatistic(with: Method.moment(of: gradient, at: place, lane), lane)
            }
        }
        if schedule.takesRoots(at: step) { state.updateConcurrently(backend) { lane, _, side in side.updateRoot(lane) } }
    }

    public func direction(
        of gradient: Backend.Tensor, _ state: BlockSides<Backend>, _ backend: Backend
    ) -> Backend.Tensor {
        let blocks = state.blocks
        let pieces = backend.concurrentMap(blocks.count) { lane, index in
            Method.direction(
                of: lane.block(gradient, rows: blocks[index].rows, columns: blocks[index].columns),
                BlockRoots(
                    left: state[index, .left].root(lane), right: state[index, .right].root(lane), lane))
        }
        var result = gradient
        for (block, piece) in zip(blocks, pieces) {
            backend.setBlock(&result, rows: block.rows, columns: block.columns, to: piece)
        }
        return result
    }

    public func sides(of state: BlockSides<Backend>) -> [PreconditionerSide<Backend>] {
        state.map { PreconditionerSide($0, $1) }
    }

    public func shadow(of state: BlockSides<Backend>, _ backend: Backend) -> StatisticShadow<Backend>? {
        StatisticShadow(following: state, backend)
    }

    public func update(
        _ shadow: inout StatisticShadow<Backend>, with gradient: ParameterGradient<Backend>, step: OptimizerStep,
        _ backend: Backend
    ) {
        guard schedule.takesStatistics(at: step) else { return }
        shadow.update(backend) { lane, place in Method.moment(of: gradient, at: place, lane) }
    }

    public func byteCount(_ state: BlockSides<Backend>, _ backend: Backend) -> Int { state.byteCount(backend) }

    public func archive(_ state: BlockSides<Backend>, _ backend: Backend) -> StateArchive { state.archive(backend) }

    public func read(
        _ state: inout BlockSides<Backend>, from archive: StateArchive, _ backend: Backend
    ) throws(StateArchiveError) {
        try state.read(archive, backend)
    }
}

/// L̂ and R̂ of a block, as products from either side.
///
/// Decoded roots are the transposes of L̂ and R̂ in memory (see `StoredMatrix`), and are not symmetric where blocks run along
/// rows.
public struct BlockRoots<Backend: MatrixBackend>: Sendable {
    private let left: Backend.Tensor
    private let right: Backend.Tensor
    let backend: Backend

    init(left: Backend.Tensor, right: Backend.Tensor, _ backend: Backend) {
        self.left = left
        self.right = right
        self.backend = backend
    }

    /// L̂·A.
    func fromLeft(_ a: Backend.Tensor) -> Backend.Tensor {
        backend.multiply(left, transposed: true, a, transposed: false, alpha: 1)
    }

    /// A·R̂.
    func fromRight(_ a: Backend.Tensor) -> Backend.Tensor {
        backend.multiply(a, transposed: false, right, transposed: true, alpha: 1)
    }
}
