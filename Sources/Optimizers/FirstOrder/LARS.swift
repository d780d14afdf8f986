import Compute
import MatrixCore

/// Layer-wise adaptive rates: v ← μv + η·λ·(g + wd·w), w ← w − v, with λ = trust·‖w‖/(‖g‖ + wd·‖w‖) of every parameter.
///
/// λ is 1 where either norm is 0, lest zeros stay what they are, and for parameters of one dimension: gains and biases, whose
/// gradients say nothing of their size. The norms of all parameters come to the host together.
///
/// Source: You, Gitman, Ginsburg, "Large Batch Training of Convolutional Networks", arXiv 1708.03888, algorithm 1.
public struct LARS<Backend: MatrixBackend>: SingleTensorRule, Equatable {
    /// v.
    public typealias State = KeptTensor<Backend>
    public static var stateName: String { "momentum" }
    public static var stateKind: MomentKind { .momentum }

    public let learningRate: Double
    public let momentum: Double
    public private(set) var weightDecay: Double
    /// η of the paper.
    public let trustCoefficient: Double
    public let momentBits: MomentBits

    /// - Throws: `HyperparameterError`.
    public init(
        learningRate: Double = LARSMethod.defaults.learningRate, momentum: Double = LARSMethod.defaults.momentum,
        weightDecay: Double = 0, trustCoefficient: Double = LARSMethod.defaults.trustCoefficient,
        momentBits: MomentBits = .exact
    ) throws(HyperparameterError) {
        try HyperparameterError.requireNotNegative(learningRate, "learning rate")
        try HyperparameterError.requireFraction(momentum, "momentum")
        try HyperparameterError.requireNotNegative(weightDecay, "weight decay")
        try HyperparameterError.require(
            trustCoefficient > 0 && trustCoefficient.isFinite, "trust coefficient", trustCoefficient, "positive and finite")
        self.learningRate = learningRate
        self.momentum = momentum
        self.weightDecay = weightDecay
        self.trustCoefficient = trustCoefficient
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
            trustCoefficient: values.decode(Double.self, forKey: .trustCoefficient),
            momentBits: values.decode(MomentBits.self, forKey: .momentBits))
    }

    public func move(
        _ parameters: inout [Backend.Tensor], along directions: consuming [Backend.Tensor], states: inout [State],
        step: OptimizerStep, _ backend: Backend
    ) {
        let rate = learningRate * step.learningRateFactor
        let factors = localRates(parameters, directions, backend).map { Backend.Scalar(rate * $0) }
        if weightDecay != 0 { backend.combine(1, intoEach: &directions, Backend.Scalar(weightDecay), parameters) }
        // v ← μv + λη·d, as d ← λη·d + μv.
        var velocities = backend.take(&states)
        backend.combine(factors, intoEach: &directions, Backend.Scalar(momentum), velocities)
        velocities = consume directions
        backend.combine(1, intoEach: &parameters, -1, velocities)
        backend.keep(velocities, in: &states)
    }

    /// λ of every parameter.
    private func localRates(
        _ parameters: [Backend.Tensor], _ directions: [Backend.Tensor], _ backend: Backend
    ) -> [Double] {
        let adapted = parameters.indices.filter { backend.shape(of: parameters[$0]).columns > 1 }
        let norms = backend.norms(of: adapted.map { parameters[$0] } + adapted.map { directions[$0] }).map { Double($0) }
        var rates = [Double](repeating: 1, count: parameters.count)
        for (position, index) in adapted.enumerated() {
            let (own, gradient) = (norms[position], norms[adapted.count + position])
            if own > 0 && gradient > 0 { rates[index] = trustCoefficient * own / (gradient + weightDecay * own) }
        }
        return rates
    }
}

public enum LARSMethod: FirstOrderMethod {
    public static let name = "lars"
    /// Momentum, weight decay and trust as published; its learning rates belong to batches of thousands.
    public static let defaults = FirstOrderHyperparameters(learningRate: 1, weightDecay: 5e-4)
    public static let options: Set<FirstOrderHyperparameters.Option> = [.momentum, .trustCoefficient, .momentBits]
    public static func kept(of parameter: ParameterShape) -> [MomentKind] { [.momentum] }

    public static func rule<Backend: MatrixBackend>(
        _ values: FirstOrderHyperparameters, on backend: Backend.Type
    ) throws(HyperparameterError) -> any OptimizerRule<Backend> {
        try LARS(
            learningRate: values.learningRate, momentum: values.momentum, weightDecay: values.weightDecay,
            trustCoefficient: values.trustCoefficient, momentBits: values.momentBits)
    }
}
