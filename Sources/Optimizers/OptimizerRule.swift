import Compute
import MatrixCore
import Preconditioning

/// An optimizer: its hyperparameters and one rule by which a parameter follows its gradient.
///
/// Parameters and gradients are tensors of the form that `ParameterShape` gives; one state belongs to one parameter.
/// Rules are values, and nothing is shared between parameters.
public protocol OptimizerRule<Backend>: Codable, Sendable {
    associatedtype Backend: MatrixBackend
    associatedtype State: Sendable
    associatedtype Preconditioner: GradientPreconditioner = NoPreconditioner<Backend>
    where Preconditioner.Backend == Backend

    /// - Parameter generator: seeds what is random in the state.
    /// - Throws: what the storages refuse.
    func initialState(
        for parameter: ParameterShape, using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) throws -> State

    /// The same for a parameter whose name is known: settings may have something for it alone.
    ///
    /// - Parameter joint: the shape in which a preconditioner meets its gradients, which may be another one; nil for a parameter
    ///   that is to have none.
    func initialState(
        for parameter: ParameterShape, preconditionedAs joint: ParameterShape?, named name: String,
        using generator: inout some RandomNumberGenerator,
        _ backend: Backend
    ) throws -> State

    /// η, before a schedule's factor.
    var learningRate: Double { get }

    /// The same rule without weight decay, for parameters that are not to decay.
    var withoutWeightDecay: Self { get }

    /// What stands before the rule, nil for rules without.
    var preconditioner: Preconditioner? { get }

    /// The preconditioner's part of a state, nil for rules without and for parameters that it leaves as they are.
    func preconditionerState(of state: State) -> Preconditioner.State?

    /// What the preconditioner makes of a finite gradient at a step, updated where the step asks for it; the gradient itself
    /// without any. `complete` is still to give it its length.
    func direction(
        of gradient: ParameterGradient<Backend>, state: inout State, step: OptimizerStep, _ backend: Backend
    ) -> Backend.Tensor

    /// Moves all parameters by one step of the first-order rule, each by itself: a rule that is written over the primitives of
    /// lists takes as many passes for all of them as for one.
    ///
    /// - Parameters:
    ///   - directions: what `direction` returned for the same step, completed. Those that nobody else holds are the rule's to
    ///     change where they lie.
    ///   - states: one a parameter.
    func move(
        _ parameters: inout [Backend.Tensor], along directions: consuming [Backend.Tensor], states: inout [State],
        step: OptimizerStep, _ backend: Backend
    )

    /// wd where the parameter decays by (1 − η·wd) beside the rule; nil where the decay is part of the gradient that the rule
    /// follows.
    var decoupledWeightDecay: Double? { get }

    /// Turns what the state keeps of gradients into the coordinates of another basis.
    ///
    /// - Precondition: `canTurn`.
    func turn(_ state: inout State, by turn: BasisTurn<Backend>, _ backend: Backend)

    /// Whether gradients may be those in a basis that turns.
    var canTurn: Bool { get }

    /// The point at which the network is evaluated, and which is the result of a training: an average, where a rule keeps
    /// one. Nil, for all states or none, where it is the parameter itself, at which gradients are taken.
    func evaluationPoint(of parameter: Backend.Tensor, state: State, _ backend: Backend) -> Backend.Tensor?

    /// The bytes of the state, preconditioners included.
    func byteCount(_ state: State, _ backend: Backend) -> Int

    /// All buffers of the state. Their bytes are `byteCount`, and for every side of a preconditioner the extras that
    /// `PreconditionerState.archive` names.
    func archive(_ state: State, _ backend: Backend) -> StateArchive

    /// Reads into a state of the same rule and parameter; `restore` also holds the archive to its names.
    ///
    /// - Throws: `StateArchiveError`; the state is then half read.
    func read(_ state: inout State, from archive: StateArchive, _ backend: Backend) throws(StateArchiveError)
}

extension OptimizerRule {
    public func initialState(
        for parameter: ParameterShape, preconditionedAs joint: ParameterShape?, named name: String,
        using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) throws -> State { try initialState(for: parameter, using: &generator, backend) }

    public func initialState(
        for parameter: ParameterShape, named name: String, using generator: inout some RandomNumberGenerator,
        _ backend: Backend
    ) throws -> State {
        try initialState(for: parameter, preconditionedAs: parameter, named: name, using: &generator, backend)
    }

    public var preconditioner: Preconditioner? { nil }
    public var decoupledWeightDecay: Double? { nil }
    public var canTurn: Bool { false }

    public func turn(_ state: inout State, by turn: BasisTurn<Backend>, _ backend: Backend) {
        preconditionFailure("\(Self.self) in a basis that turns")
    }

    public func preconditionerState(of state: State) -> Preconditioner.State? { nil }

    public func direction(
        of gradient: ParameterGradient<Backend>, state: inout State, step: OptimizerStep, _ backend: Backend
    ) -> Backend.Tensor { gradient.tensor }

    public func evaluationPoint(of parameter: Backend.Tensor, state: State, _ backend: Backend) -> Backend.Tensor? { nil }

    /// Moves a parameter by one step.
    ///
    /// - Parameter factors: those of the gradient, where the preconditioner wants them at this step.
    /// - Throws: `GradientError` where the gradient is not finite, parameter and state being as before, or where
    ///   preconditioners make of it what is not finite, the parameter being as before.
    public func update(
        _ parameter: inout Backend.Tensor, gradient: Backend.Tensor,
        factors: [GradientFactors<Backend.Tensor>] = [], state: inout State, step: OptimizerStep, _ backend: Backend
    ) throws(GradientError) {
        let norm = backend.frobeniusNorm(gradient)
        guard norm.isFinite else { throw GradientError(norm: Double(norm), isPreconditioned: false) }
        let gradient = ParameterGradient<Backend>(gradient, norm: norm, factors: factors)
        var directions = [direction(of: gradient, state: &state, step: step, backend)]
        try complete(&directions, of: [gradient], [state], step: step, backend)
        // Moved into lists of one, so that they are held there alone while they change.
        var parameters = [consume parameter]
        var states = [consume state]
        move(&parameters, along: consume directions, states: &states, step: step, backend)
        parameter = parameters[0]
        state = states[0]
    }

    /// Becomes the state that was written, from one that `initialState` made for the same rule and parameter.
    ///
    /// - Throws: `StateArchiveError` where a buffer is missing, superfluous, of another kind or count, or holds what no
    ///   state has; the state is then as before.
    public func restore(
        _ state: inout State, from archive: StateArchive, _ backend: Backend
    ) throws(StateArchiveError) {
        var next = state
        try read(&next, from: archive, backend)
        try archive.requireNames(of: self.archive(next, backend))
        state = next
    }
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
    /// Whether the gradient was finite before it was preconditioned.
    public let isPreconditioned: Bool
    /// The position of its parameter among those whose gradients were given.
    public let parameter: Int

    public init(norm: Double, isPreconditioned: Bool, parameter: Int = 0) {
        self.norm = norm
        self.isPreconditioned = isPreconditioned
        self.parameter = parameter
    }

    public var description: String {
        "the \(isPreconditioned ? "preconditioned " : "")gradient is not finite: its norm is \(norm)"
    }
}
