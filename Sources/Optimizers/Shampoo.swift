import Compute
import MatrixCore
import Preconditioning

/// What Shampoo adds to the rule underneath: when statistics and roots are taken, how a parameter is cut, and how
/// preconditioners are kept.
public struct ShampooSchedule: Sendable, Equatable, Codable {
    /// T₁.
    public let statisticsInterval: Int
    /// T₂.
    public let rootInterval: Int
    /// Dimensions longer than this are cut.
    public let largestOrder: Int
    public let combination: Combination

    /// - Throws: `HyperparameterError`.
    public init(
        statisticsInterval: Int = 100, rootInterval: Int = 500, largestOrder: Int = 1200,
        combination: Combination = .shampoo
    ) throws(HyperparameterError) {
        try HyperparameterError.require(statisticsInterval >= 1, "statistics interval", statisticsInterval, "at least 1")
        try HyperparameterError.require(rootInterval >= 1, "root interval", rootInterval, "at least 1")
        try HyperparameterError.require(largestOrder >= 1, "largest order", largestOrder, "at least 1")
        self.statisticsInterval = statisticsInterval
        self.rootInterval = rootInterval
        self.largestOrder = largestOrder
        self.combination = combination
    }

    /// The first step at which the root of a statistic with a gradient in it is taken; nil beyond `steps`.
    public func firstRoot(within steps: Int) -> Int? {
        guard max(statisticsInterval, rootInterval) <= steps else { return nil }
        let step = (statisticsInterval - 1) / rootInterval * rootInterval + rootInterval
        return step <= steps ? step : nil
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            statisticsInterval: values.decode(Int.self, forKey: .statisticsInterval),
            rootInterval: values.decode(Int.self, forKey: .rootInterval),
            largestOrder: values.decode(Int.self, forKey: .largestOrder),
            combination: values.decode(Combination.self, forKey: .combination))
    }
}

/// Shampoo with grafting over a first-order rule.
///
/// At step t, from 1: where T₁ divides t, L ← βL + (1 − β)GGᵀ and R ← βR + (1 − β)GᵀG of this step's gradient; where
/// T₂ divides t, L̂ = (L + ε·λmax·I)^(-p) and R̂ likewise; then Ĝ = L̂GR̂, and G̃ = Ĝ·‖G‖F/(‖Ĝ‖F + 1e-12), the norms
/// being the whole parameter's, goes to the rule underneath. Parameters of one dimension go there as they are.
///
/// Source: Wang et al. 2024, algorithms 3 and 4; with `exact` storages it is 32-bit Shampoo.
public struct Shampoo<Base: OptimizerRule>: OptimizerRule {
    public typealias Backend = Base.Backend

    public struct State: Sendable {
        public var base: Base.State
        public var preconditioners: BlockPreconditioner<Backend>?
    }

    public let base: Base
    public let schedule: ShampooSchedule
    public let scheme: PreconditionerScheme

    public init(base: Base, schedule: ShampooSchedule, scheme: PreconditionerScheme) {
        self.base = base
        self.schedule = schedule
        self.scheme = scheme
    }

    public func initialState(
        for parameter: ParameterShape, using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) throws -> State {
        State(
            base: try base.initialState(for: parameter, using: &generator, backend),
            preconditioners: parameter.isMatrix
                ? try BlockPreconditioner(
                    parameter, largestOrder: schedule.largestOrder, scheme: scheme, using: &generator, backend) : nil)
    }

    public var learningRate: Double { base.learningRate }
    public var preconditioning: (schedule: ShampooSchedule, scheme: PreconditionerScheme)? { (schedule, scheme) }

    /// G̃: the gradient preconditioned and grafted.
    public func direction(
        of gradient: Backend.Tensor, norm: Backend.Scalar, state: inout State, step: OptimizerStep, _ backend: Backend
    ) throws(GradientError) -> Backend.Tensor {
        if takesStatistics(at: step) {
            state.preconditioners?.updateStatistics(with: gradient, backend)
        }
        if step.number % schedule.rootInterval == 0 { state.preconditioners?.updateRoots(backend) }
        guard var result = state.preconditioners?.preconditioned(gradient, schedule.combination, backend) else {
            return gradient
        }
        let length = backend.frobeniusNorm(result)
        guard length.isFinite else { throw GradientError(norm: Double(length), isPreconditioned: true) }
        backend.combine(norm / (length + 1e-12), into: &result, 0, gradient)
        return result
    }

    public func move(
        _ parameter: inout Backend.Tensor, along direction: Backend.Tensor, state: inout State, step: OptimizerStep,
        _ backend: Backend
    ) {
        base.move(&parameter, along: direction, state: &state.base, step: step, backend)
    }

    public func byteCount(_ state: State, _ backend: Backend) -> Int {
        base.byteCount(state.base, backend) + (state.preconditioners?.byteCount(backend) ?? 0)
    }

    public func preconditioners(of state: State) -> BlockPreconditioner<Backend>? { state.preconditioners }

    public func takesStatistics(at step: OptimizerStep) -> Bool { step.number % schedule.statisticsInterval == 0 }

    /// `base/…` and `blocks/<block row>_<block column>/{left,right}/…`.
    public func archive(_ state: State, _ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        archive.add("base", base.archive(state.base, backend))
        if let preconditioners = state.preconditioners { archive.add("blocks", preconditioners.archive(backend)) }
        return archive
    }

    public func read(
        _ state: inout State, from archive: StateArchive, _ backend: Backend
    ) throws(StateArchiveError) {
        try base.read(&state.base, from: archive.part("base"), backend)
        if var preconditioners = state.preconditioners {
            try preconditioners.read(archive.part("blocks"), backend)
            state.preconditioners = preconditioners
        }
    }
}
