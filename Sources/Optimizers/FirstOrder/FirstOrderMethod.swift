import Compute

/// A first-order rule as programs name it, whatever the backend.
public protocol FirstOrderMethod: Sendable {
    /// Its word in options and configurations.
    static var name: String { get }
    /// What training takes where nothing else is asked for.
    static var defaults: FirstOrderHyperparameters { get }
    /// The hyperparameters that it has beside learning rate and weight decay.
    static var options: Set<FirstOrderHyperparameters.Option> { get }
    /// The tensors of a parameter's form that the rule keeps.
    static func kept(of parameter: ParameterShape) -> [MomentKind]
    /// The bytes that it keeps of every parameter beside them.
    static var extraBytes: Int { get }
    /// Whether the network is evaluated elsewhere than where gradients are taken.
    static var hasEvaluationPoint: Bool { get }

    /// - Throws: `HyperparameterError`.
    static func rule<Backend: MatrixBackend>(
        _ values: FirstOrderHyperparameters, on backend: Backend.Type
    ) throws(HyperparameterError) -> any OptimizerRule<Backend>
}

extension FirstOrderMethod {
    public static var extraBytes: Int { 0 }
    public static var hasEvaluationPoint: Bool { false }

    /// The bytes of the state of a parameter in float32 with moments of so many bits: `byteCount` of the rule.
    public static func byteCount(_ parameter: ParameterShape, _ bits: MomentBits) -> Int {
        kept(of: parameter).reduce(extraBytes) { $0 + bits.byteCount(of: $1, parameter) }
    }
}

/// The hyperparameters of all first-order rules; each reads its own.
public struct FirstOrderHyperparameters: Sendable, Equatable {
    public enum Option: Sendable, CaseIterable {
        case momentum, nesterov, firstDecay, secondDecay, offset, trustCoefficient, orthogonalization, momentBits
    }

    public var learningRate: Double
    public var weightDecay: Double
    public var momentum = 0.9
    public var usesNesterov = false
    public var firstDecay = 0.9
    public var secondDecay = 0.999
    public var offset = 1e-8
    /// η of LARS.
    public var trustCoefficient = 0.001
    /// Of Muon's momentum.
    public var orthogonalization = NewtonSchulz.published
    /// Of what Muon leaves to AdamW.
    public var auxiliaryLearningRate = 3e-4
    public var momentBits = MomentBits.exact
}
