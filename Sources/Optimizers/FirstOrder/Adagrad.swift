import Compute
import MatrixCore

/// Adagrad: d = g + wd·w, v ← v + d², w ← w − η·d/(√v + ε).
///
/// Source: Duchi, Hazan, Singer, JMLR 12 (2011); defaults as in Wang et al. 2024, appendix G.
public struct Adagrad<Backend: MatrixBackend>: SingleTensorRule, Equatable {
    /// v.
    public typealias State = KeptTensor<Backend>
    public static var stateName: String { "sum_of_squares" }
    /// A sum that only grows would lose every small addend to its codes.
    public static var stateKind: MomentKind { .uncoded }
    public var momentBits: MomentBits { .exact }

    public let learningRate: Double
    /// ε.
    public let offset: Double
    public private(set) var weightDecay: Double

    /// - Throws: `HyperparameterError`.
    public init(
        learningRate: Double = AdagradMethod.defaults.learningRate, offset: Double = AdagradMethod.defaults.offset,
        weightDecay: Double = 0
    ) throws(HyperparameterError) {
        try HyperparameterError.requireNotNegative(learningRate, "learning rate")
        try HyperparameterError.require(offset > 0 && offset.isFinite, "offset", offset, "positive and finite")
        try HyperparameterError.requireNotNegative(weightDecay, "weight decay")
        self.learningRate = learningRate
        self.offset = offset
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
            offset: values.decode(Double.self, forKey: .offset),
            weightDecay: values.decode(Double.self, forKey: .weightDecay))
    }

    public func move(
        _ parameters: inout [Backend.Tensor], along directions: consuming [Backend.Tensor], states: inout [State],
        step: OptimizerStep, _ backend: Backend
    ) {
        if weightDecay != 0 { backend.combine(1, intoEach: &directions, Backend.Scalar(weightDecay), parameters) }
        var sums = backend.take(&states)
        backend.combineSquares(1, intoEach: &sums, 1, directions)
        backend.addQuotient(
            Backend.Scalar(-learningRate * step.learningRateFactor), intoEach: &parameters, directions, rootOf: sums,
            scale: 1, offset: Backend.Scalar(offset))
        backend.keep(sums, in: &states)
    }
}

public enum AdagradMethod: FirstOrderMethod {
    public static let name = "adagrad"
    /// Source: Wang et al. 2024, appendix G.
    public static let defaults = FirstOrderHyperparameters(learningRate: 0.01, weightDecay: 5e-4, offset: 1e-10)
    public static let options: Set<FirstOrderHyperparameters.Option> = [.offset]
    public static func kept(of parameter: ParameterShape) -> [MomentKind] { [.uncoded] }

    public static func rule<Backend: MatrixBackend>(
        _ values: FirstOrderHyperparameters, on backend: Backend.Type
    ) throws(HyperparameterError) -> any OptimizerRule<Backend> {
        try Adagrad(learningRate: values.learningRate, offset: values.offset, weightDecay: values.weightDecay)
    }
}
