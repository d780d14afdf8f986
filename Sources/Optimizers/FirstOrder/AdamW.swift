import Compute
import Foundation
import MatrixCore

/// Running means of the gradient and of its square.
public struct AdamMoments<Tensor: Sendable>: Sendable {
    public var first: Tensor
    public var second: Tensor
}

/// Adam with decoupled weight decay: w ← (1 − η·wd)·w; m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²;
/// w ← w − η/(1 − β₁ᵗ) · m/(√v/√(1 − β₂ᵗ) + ε).
///
/// With `usesNesterov` (NadamW) the numerator is β₁m + (1 − β₁)g, the mean one step ahead, with the same bias
/// correction; PyTorch's NAdam, which schedules its momentum, is another thing.
///
/// Source: Loshchilov and Hutter, ICLR 2019; Dozat 2016 in the form of timm and AlgoPerf.
public struct AdamW<Backend: MatrixBackend>: OptimizerRule, Equatable {
    public typealias State = AdamMoments<Backend.Tensor>

    public let learningRate: Double
    /// β₁.
    public let firstDecay: Double
    /// β₂.
    public let secondDecay: Double
    /// ε.
    public let offset: Double
    public private(set) var weightDecay: Double
    public let usesNesterov: Bool

    /// - Throws: `HyperparameterError`.
    public init(
        learningRate: Double = AdamWMethod.defaults.learningRate, firstDecay: Double = AdamWMethod.defaults.firstDecay,
        secondDecay: Double = AdamWMethod.defaults.secondDecay, offset: Double = AdamWMethod.defaults.offset,
        weightDecay: Double = 0, usesNesterov: Bool = false
    ) throws(HyperparameterError) {
        try HyperparameterError.requireNotNegative(learningRate, "learning rate")
        try HyperparameterError.requireFraction(firstDecay, "first decay")
        try HyperparameterError.requireFraction(secondDecay, "second decay")
        try HyperparameterError.require(offset > 0 && offset.isFinite, "offset", offset, "positive and finite")
        try HyperparameterError.requireNotNegative(weightDecay, "weight decay")
        self.learningRate = learningRate
        self.firstDecay = firstDecay
        self.secondDecay = secondDecay
        self.offset = offset
        self.weightDecay = weightDecay
        self.usesNesterov = usesNesterov
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
            usesNesterov: values.decode(Bool.self, forKey: .usesNesterov))
    }

    public func initialState(
        for parameter: ParameterShape, using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) -> State {
        AdamMoments(first: zeros(parameter, backend), second: zeros(parameter, backend))
    }

    public func move(
        _ parameters: inout [Backend.Tensor], along directions: consuming [Backend.Tensor], states: inout [State],
        step: OptimizerStep, _ backend: Backend
    ) {
        let rate = learningRate * step.learningRateFactor
        let time = Double(step.number)
        // Taken apart, so that the lists alone hold the moments while they change.
        var (first, second) = (states.map(\.first), states.map(\.second))
        states = []
        backend.combine(Backend.Scalar(firstDecay), intoEach: &first, Backend.Scalar(1 - firstDecay), directions)
        backend.combineSquares(Backend.Scalar(secondDecay), intoEach: &second, Backend.Scalar(1 - secondDecay), directions)
        if weightDecay != 0 {
            backend.combine(Backend.Scalar(1 - rate * weightDecay), intoEach: &parameters, 0, directions)
        }
        var numerators = first
        if usesNesterov {
            backend.combine(Backend.Scalar(firstDecay), intoEach: &numerators, Backend.Scalar(1 - firstDecay), directions)
        }
        backend.addQuotient(
            Backend.Scalar(-rate / (1 - pow(firstDecay, time))), intoEach: &parameters, numerators, rootOf: second,
            scale: Backend.Scalar(1 / (1 - pow(secondDecay, time)).squareRoot()), offset: Backend.Scalar(offset))
        states = zip(first, second).map { AdamMoments(first: $0, second: $1) }
    }

    public func byteCount(_ state: State, _ backend: Backend) -> Int {
        backend.byteCount(state.first) + backend.byteCount(state.second)
    }

    /// `first` and `second`.
    public func archive(_ state: State, _ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        archive.add("first", state.first, backend)
        archive.add("second", state.second, backend)
        return archive
    }

    public func read(
        _ state: inout State, from archive: StateArchive, _ backend: Backend
    ) throws(StateArchiveError) {
        state.first = try archive.tensor("first", like: state.first, backend)
        state.second = try archive.tensor("second", like: state.second, backend)
    }
}

public enum AdamWMethod: FirstOrderMethod {
    public static let name = "adamw"
    /// Source: Wang et al. 2024, appendix G.
    public static let defaults = FirstOrderHyperparameters(learningRate: 1e-3, weightDecay: 0.05)
    public static let options: Set<FirstOrderHyperparameters.Option> = [.firstDecay, .secondDecay, .offset]
    public static let valueCount = 2

    public static func rule<Backend: MatrixBackend>(
        _ values: FirstOrderHyperparameters, on backend: Backend.Type
    ) throws(HyperparameterError) -> any OptimizerRule<Backend> { try rule(values, usesNesterov: false) }

    static func rule<Backend: MatrixBackend>(
        _ values: FirstOrderHyperparameters, usesNesterov: Bool
    ) throws(HyperparameterError) -> AdamW<Backend> {
        try AdamW(
            learningRate: values.learningRate, firstDecay: values.firstDecay, secondDecay: values.secondDecay,
            offset: values.offset, weightDecay: values.weightDecay, usesNesterov: usesNesterov)
    }
}

public enum NadamWMethod: FirstOrderMethod {
    public static let name = "nadamw"
    public static let defaults = AdamWMethod.defaults
    public static let options = AdamWMethod.options
    public static let valueCount = AdamWMethod.valueCount

    public static func rule<Backend: MatrixBackend>(
        _ values: FirstOrderHyperparameters, on backend: Backend.Type
    ) throws(HyperparameterError) -> any OptimizerRule<Backend> { try AdamWMethod.rule(values, usesNesterov: true) }
}
