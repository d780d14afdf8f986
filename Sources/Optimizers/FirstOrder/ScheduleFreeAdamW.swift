import Compute
import Foundation
import MatrixCore

/// Schedule-free AdamW: v ← β₂v + (1 − β₂)g², d = g/(√(v/(1 − β₂ᵗ)) + ε) + wd·y, then y and z as `ScheduleFreeSGD` moves them with
/// β₁ for β; the network is evaluated at the average x of all z.
///
/// Source: Defazio et al., "The Road Less Scheduled", NeurIPS 2024, and their package schedulefree.
public struct ScheduleFreeAdamW<Backend: MatrixBackend>: OptimizerRule, Equatable {
    public struct State: Sendable {
        public var points: ScheduleFreePoints<Backend>
        /// v.
        public var second: KeptTensor<Backend>
    }

    public let learningRate: Double
    /// β₁: y is (1 − β₁)·z + β₁·x.
    public let firstDecay: Double
    public let secondDecay: Double
    public let offset: Double
    public private(set) var weightDecay: Double
    /// Of v; z is a point, and stays uncoded.
    public let momentBits: MomentBits

    /// - Throws: `HyperparameterError`.
    public init(
        learningRate: Double = ScheduleFreeAdamWMethod.defaults.learningRate,
        firstDecay: Double = ScheduleFreeAdamWMethod.defaults.firstDecay,
        secondDecay: Double = ScheduleFreeAdamWMethod.defaults.secondDecay,
        offset: Double = ScheduleFreeAdamWMethod.defaults.offset, weightDecay: Double = 0,
        momentBits: MomentBits = .exact
    ) throws(HyperparameterError) {
        try HyperparameterError.requireNotNegative(learningRate, "learning rate")
        try HyperparameterError.require(firstDecay > 0 && firstDecay < 1, "first decay", firstDecay, "above 0 and below 1")
        try HyperparameterError.requireFraction(secondDecay, "second decay")
        try HyperparameterError.require(offset > 0 && offset.isFinite, "offset", offset, "positive and finite")
        try HyperparameterError.requireNotNegative(weightDecay, "weight decay")
        self.learningRate = learningRate
        self.firstDecay = firstDecay
        self.secondDecay = secondDecay
        self.offset = offset
        self.weightDecay = weightDecay
        self.momentBits = momentBits
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
            firstDecay: values.decode(Double.self, forKey: .firstDecay),
            secondDecay: values.decode(Double.self, forKey: .secondDecay),
            offset: values.decode(Double.self, forKey: .offset),
            weightDecay: values.decode(Double.self, forKey: .weightDecay),
            momentBits: values.decode(MomentBits.self, forKey: .momentBits))
    }

    public func initialState(
        for parameter: ParameterShape, using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) -> State {
        State(
            points: ScheduleFreePoints(for: parameter, backend),
            second: KeptTensor(zerosOf: .meanSquare, for: parameter, momentBits, backend))
    }

    public func move(
        _ parameters: inout [Backend.Tensor], along directions: consuming [Backend.Tensor], states: inout [State],
        step: OptimizerStep, _ backend: Backend
    ) {
        let rate = learningRate * step.learningRateFactor
        let correction = 1 / (1 - pow(secondDecay, Double(step.number))).squareRoot()
        var (points, keptSecond) = (states.map(\.points), states.map(\.second))
        states = []
        var second = backend.take(&keptSecond)
        let gradients = consume directions
        func addQuotient(_ factor: Double, to tensors: inout [Backend.Tensor]) {
            backend.addQuotient(
                Backend.Scalar(factor), intoEach: &tensors, gradients, rootOf: second, scale: Backend.Scalar(correction),
                offset: Backend.Scalar(offset))
        }
        var (fast, share) = backend.beginScheduleFreeStep(&points, at: parameters, rate: rate)
        backend.combineSquares(Backend.Scalar(secondDecay), intoEach: &second, Backend.Scalar(1 - secondDecay), gradients)
        // Both moves begin from what y and z were: d's part wd·y goes into the factors of the two.
        let slope = rate * (firstDecay * (1 - share) - 1)
        let before = weightDecay != 0 ? parameters : []
        backend.combine(
            Backend.Scalar(1 - share + slope * weightDecay), intoEach: &parameters, Backend.Scalar(share), fast)
        if weightDecay != 0 { backend.combine(1, intoEach: &fast, Backend.Scalar(-rate * weightDecay), before) }
        addQuotient(slope, to: &parameters)
        addQuotient(-rate, to: &fast)
        backend.endScheduleFreeStep(&points, fast: fast)
        backend.keep(second, in: &keptSecond)
        states = zip(points, keptSecond).map { State(points: $0, second: $1) }
    }

    public func evaluationPoint(of parameter: Backend.Tensor, state: State, _ backend: Backend) -> Backend.Tensor? {
        state.points.evaluationPoint(of: parameter, decay: firstDecay, backend)
    }

    public func byteCount(_ state: State, _ backend: Backend) -> Int {
        state.points.byteCount(backend) + state.second.byteCount(backend)
    }

    /// `fast_point`, `average` and `second`.
    public func archive(_ state: State, _ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        state.points.add(to: &archive, backend)
        state.second.add(to: &archive, as: "second", backend)
        return archive
    }

    public func read(
        _ state: inout State, from archive: StateArchive, _ backend: Backend
    ) throws(StateArchiveError) {
        try state.points.read(from: archive, backend)
        try state.second.read("second", from: archive, backend)
    }
}

public enum ScheduleFreeAdamWMethod: FirstOrderMethod {
    public static let name = "schedule-free-adamw"
    /// Source: Wang et al. 2024, appendix G.
    public static let defaults = FirstOrderHyperparameters(learningRate: 0.0025, weightDecay: 0.05)
    public static let options: Set<FirstOrderHyperparameters.Option> = [.firstDecay, .secondDecay, .offset, .momentBits]
    public static let extraBytes = ScheduleFreeAverage.byteCount
    public static let hasEvaluationPoint = true
    public static func kept(of parameter: ParameterShape) -> [MomentKind] { [.uncoded, .meanSquare] }

    public static func rule<Backend: MatrixBackend>(
        _ values: FirstOrderHyperparameters, on backend: Backend.Type
    ) throws(HyperparameterError) -> any OptimizerRule<Backend> {
        try ScheduleFreeAdamW(
            learningRate: values.learningRate, firstDecay: values.firstDecay, secondDecay: values.secondDecay,
            offset: values.offset, weightDecay: values.weightDecay, momentBits: values.momentBits)
    }
}
