import Compute

/// A first-order rule as programs name it, whatever the backend.
public protocol FirstOrderMethod: Sendable {
    /// Its word in options and configurations.
    static var name: String { get }
    /// What training takes where nothing else is asked for.
    static var defaults: FirstOrderHyperparameters { get }
    /// The hyperparameters that it has beside learning rate and weight decay.
    static var options: Set<FirstOrderHyperparameters.Option> { get }
    /// Values that the rule keeps for each of a parameter's.
    static var valueCount: Int { get }

    /// - Throws: `HyperparameterError`.
    static func rule<Backend: MatrixBackend>(
        _ values: FirstOrderHyperparameters, on backend: Backend.Type
    ) throws(HyperparameterError) -> any OptimizerRule<Backend>
}

/// The hyperparameters of all first-order rules; each reads its own.
public struct FirstOrderHyperparameters: Sendable, Equatable {
    public enum Option: Sendable, CaseIterable { case momentum, nesterov, firstDecay, secondDecay, offset }

    public var learningRate: Double
    public var weightDecay: Double
    public var momentum = 0.9
    public var usesNesterov = false
    public var firstDecay = 0.9
    public var secondDecay = 0.999
    public var offset = 1e-8
}
