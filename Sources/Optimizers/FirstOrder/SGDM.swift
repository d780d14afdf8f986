import Compute
import MatrixCore

/// Stochastic gradient descent with momentum: d = g + wd·w, v ← μv + d, w ← w − η·v; with Nesterov's form
/// w ← w − η·(d + μv).
///
/// Under Shampoo g is the preconditioned, grafted gradient: the weight decay is added after it.
public struct SGDM<Backend: MatrixBackend>: SingleTensorRule, Equatable {
    /// v.
    public typealias State = KeptTensor<Backend>
    public static var stateName: String { "momentum" }
    public static var stateKind: MomentKind { .momentum }

    public let learningRate: Double
    public let momentum: Double
    public private(set) var weightDecay: Double
    public let usesNesterov: Bool
    public let momentBits: MomentBits

    /// - Throws: `HyperparameterError`.
    public init(
        learningRate: Double = SGDMMethod.defaults.learningRate, momentum: Double = SGDMMethod.defaults.momentum,
        weightDecay: Double = 0, usesNesterov: Bool = false, momentBits: MomentBits = .exact
    ) throws(HyperparameterError) {
        try HyperparameterError.requireNotNegative(learningRate, "learning rate")
        try HyperparameterError.requireFraction(momentum, "momentum")
        try HyperparameterError.requireNotNegative(weightDecay, "weight decay")
        try HyperparameterError.require(
            !usesNesterov || momentum > 0, "momentum", momentum, "positive where Nesterov's form is used")
        self.learningRate = learningRate
        self.momentum = momentum
        self.weightDecay = weightDecay
        self.usesNesterov = usesNesterov
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
            momentum: values.decode(Double.self, forKey: .momentum),
            weightDecay: values.decode(Double.self, forKey: .weightDecay),
            usesNesterov: values.decode(Bool.self, forKey: .usesNesterov),
            // As written by versions that kept every momentum in float32.
            momentBits: values.decodeIfPresent(MomentBits.self, forKey: .momentBits) ?? .exact)
    }

    public func move(
        _ parameters: inout [Backend.Tensor], along directions: consuming [Backend.Tensor], states: inout [State],
        step: OptimizerStep, _ backend: Backend
    ) {
        let rate = Backend.Scalar(learningRate * step.learningRateFactor)
        if weightDecay != 0 { backend.combine(1, intoEach: &directions, Backend.Scalar(weightDecay), parameters) }
        var velocities = backend.take(&states)
        backend.combine(Backend.Scalar(momentum), intoEach: &velocities, 1, directions)
        if usesNesterov {
            backend.combine(1, intoEach: &directions, Backend.Scalar(momentum), velocities)
            backend.combine(1, intoEach: &parameters, -rate, directions)
        } else {
            backend.combine(1, intoEach: &parameters, -rate, velocities)
        }
        backend.keep(velocities, in: &states)
    }
}

public enum SGDMMethod: FirstOrderMethod {
    public static let name = "sgdm"
    /// Source: Wang et al. 2024, appendix G.
    public static let defaults = FirstOrderHyperparameters(learningRate: 0.1, weightDecay: 5e-4)
    public static let options: Set<FirstOrderHyperparameters.Option> = [.momentum, .nesterov, .momentBits]
    public static func kept(of parameter: ParameterShape) -> [MomentKind] { [.momentum] }

    public static func rule<Backend: MatrixBackend>(
        _ values: FirstOrderHyperparameters, on backend: Backend.Type
    ) throws(HyperparameterError) -> any OptimizerRule<Backend> {
        try SGDM(
            learningRate: values.learningRate, momentum: values.momentum, weightDecay: values.weightDecay,
            usesNesterov: values.usesNesterov, momentBits: values.momentBits)
    }
}
