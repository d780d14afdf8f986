import Compute
import MatrixCore

/// Schedule-free gradient descent: with d = g + wd·y at y, y ← (1 − c)·y + c·z + η(β(1 − c) − 1)·d and z ← z − η·d; the
/// network is evaluated at the average x of all z.
///
/// Source: Defazio et al., "The Road Less Scheduled", NeurIPS 2024, and their package schedulefree.
public struct ScheduleFreeSGD<Backend: MatrixBackend>: OptimizerRule, Equatable {
    public typealias State = ScheduleFreePoints<Backend>

    public let learningRate: Double
    /// β: y is (1 − β)·z + β·x.
    public let momentum: Double
    public private(set) var weightDecay: Double

    /// - Throws: `HyperparameterError`.
    public init(
        learningRate: Double = ScheduleFreeSGDMethod.defaults.learningRate,
        momentum: Double = ScheduleFreeSGDMethod.defaults.momentum, weightDecay: Double = 0
    ) throws(HyperparameterError) {
        try HyperparameterError.requireNotNegative(learningRate, "learning rate")
        try HyperparameterError.require(momentum > 0 && momentum < 1, "momentum", momentum, "above 0 and below 1")
        try HyperparameterError.requireNotNegative(weightDecay, "weight decay")
        self.learningRate = learningRate
        self.momentum = momentum
        self.weightDecay = weightDecay
    }

    public var withoutWeightDecay: Self {
        var rule = self
        rule.weightDecay = 0
        return rule
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            learningRate: values.decode(Double.self, forKey: .learningRate),
            momentum: values.decode(Double.self, forKey: .momentum),
            weightDecay: values.decode(Double.self, forKey: .weightDecay))
    }

    public func initialState(
        for parameter: ParameterShape, using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) -> State {
        ScheduleFreePoints(for: parameter, backend)
    }

    public func move(
        _ parameters: inout [Backend.Tensor], along directions: consuming [Backend.Tensor], states: inout [State],
        step: OptimizerStep, _ backend: Backend
    ) {
        let rate = learningRate * step.learningRateFactor
        var (fast, share) = backend.beginScheduleFreeStep(&states, at: parameters, rate: rate)
        if weightDecay != 0 { backend.combine(1, intoEach: &directions, Backend.Scalar(weightDecay), parameters) }
        backend.combine(Backend.Scalar(1 - share), intoEach: &parameters, Backend.Scalar(share), fast)
        backend.combine(1, intoEach: &parameters, Backend.Scalar(rate * (momentum * (1 - share) - 1)), directions)
        backend.combine(1, intoEach: &fast, Backend.Scalar(-rate), directions)
        backend.endScheduleFreeStep(&states, fast: fast)
    }

    public func evaluationPoint(of parameter: Backend.Tensor, state: State, _ backend: Backend) -> Backend.Tensor? {
        state.evaluationPoint(of: parameter, decay: momentum, backend)
    }

    public func byteCount(_ state: State, _ backend: Backend) -> Int { state.byteCount(backend) }

    /// `fast_point` and `average`.
    public func archive(_ state: State, _ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        state.add(to: &archive, backend)
        return archive
    }

    public func read(
        _ state: inout State, from archive: StateArchive, _ backend: Backend
    ) throws(StateArchiveError) {
        try state.read(from: archive, backend)
    }
}

public enum ScheduleFreeSGDMethod: FirstOrderMethod {
    public static let name = "schedule-free-sgd"
    /// Source: Wang et al. 2024, appendix G.
    public static let defaults = FirstOrderHyperparameters(learningRate: 1, weightDecay: 5e-4)
    public static let options: Set<FirstOrderHyperparameters.Option> = [.momentum]
    public static let extraBytes = ScheduleFreeAverage.byteCount
    public static let hasEvaluationPoint = true
    public static func kept(of parameter: ParameterShape) -> [MomentKind] { [.uncoded] }

    public static func rule<Backend: MatrixBackend>(
        _ values: FirstOrderHyperparameters, on backend: Backend.Type
    ) throws(HyperparameterError) -> any OptimizerRule<Backend> {
        try ScheduleFreeSGD(
            learningRate: values.learningRate, momentum: values.momentum, weightDecay: values.weightDecay)
    }
}
