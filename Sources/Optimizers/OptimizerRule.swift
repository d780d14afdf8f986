import Compute
import MatrixCore

/// An optimizer: its hyperparameters and one rule by which a parameter follows its gradient.
///
/// Parameters and gradients are tensors of the form that `ParameterShape` gives; one state belongs to one parameter.
/// Rules are values, and nothing is shared between parameters.
public protocol OptimizerRule<Backend>: Codable, Sendable {
    associatedtype Backend: MatrixBackend
    associatedtype State: Sendable

    /// - Parameter generator: seeds what is random in the state.
    /// - Throws: what the storages refuse.
    func initialState(
        for parameter: ParameterShape, using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) throws -> State

    /// Moves a parameter by one step.
    ///
    /// - Throws: `GradientError` where preconditioners meet a gradient that is not finite; parameter and state are then as
    ///   before. First-order rules alone follow what they are given.
    func update(
        _ parameter: inout Backend.Tensor, gradient: Backend.Tensor, state: inout State, step: OptimizerStep,
        _ backend: Backend
    ) throws(GradientError)

    /// The bytes of the state, preconditioners included.
    func byteCount(_ state: State, _ backend: Backend) -> Int

    /// The preconditioners in a state, nil for rules and parameters without.
    func preconditioners(of state: State) -> BlockPreconditioner<Backend>?
}

extension OptimizerRule {
    public func preconditioners(of state: State) -> BlockPreconditioner<Backend>? { nil }
}

/// Where in the training a step stands.
public struct OptimizerStep: Sendable, Equatable {
    /// t, from 1.
    public let number: Int
    /// What the schedule makes of the rule's learning rate: a factor.
    public let learningRateFactor: Double

    /// - Precondition: `number` is at least 1.
    public init(_ number: Int, learningRateFactor: Double = 1) {
        precondition(number >= 1, "step \(number)")
        self.number = number
        self.learningRateFactor = learningRateFactor
    }
}

/// A gradient that no step can follow.
public struct GradientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// ‖G‖F, NaN or infinite.
    public let norm: Double

    public var description: String { "the gradient is not finite: its norm is \(norm)" }
}
