import Compute
import Preconditioning

/// What a gradient goes through before a first-order rule follows it: hyperparameters, and for every parameter a state that
/// learns from the gradients.
///
/// `Preconditioned` composes it with a rule. Of a state, dumps, shadows and logs see the list of its sides with the matrices
/// that they name.
public protocol GradientPreconditioner<Backend>: Codable, Sendable {
    associatedtype Backend: MatrixBackend
    associatedtype State: Sendable

    /// The steps at which statistics and roots are taken.
    var schedule: PreconditionerSchedule { get }

    /// The state of a parameter at the start, nil for one whose gradient stays as it is.
    ///
    /// - Parameters:
    ///   - name: settings may have something for a parameter alone; nil where nobody knows its name.
    ///   - generator: seeds what is random in the state.
    /// - Throws: what the storages refuse.
    func initialState(
        for parameter: ParameterShape, named name: String?, using generator: inout some RandomNumberGenerator,
        _ backend: Backend
    ) throws -> State?

    /// Whether a layer's weight and bias are preconditioned as one matrix, the bias its last column, as if a one stood below every
    /// input.
    var joinsBiases: Bool { get }

    /// Whether the update of this step takes the factors of gradients, which layers hand over on demand.
    func wantsFactors(at step: OptimizerStep) -> Bool

    /// Takes a finite gradient, and renews statistics and roots where the step asks for it. What fails stays as it was and is
    /// recorded.
    func update(
        _ state: inout State, with gradient: ParameterGradient<Backend>, step: OptimizerStep, _ backend: Backend)

    /// What an update with a gradient and its direction come to in one step.
    func follow(
        _ gradient: ParameterGradient<Backend>, _ state: inout State, step: OptimizerStep, _ backend: Backend
    ) -> Backend.Tensor

    /// Ĝ of a gradient.
    func direction(of gradient: Backend.Tensor, _ state: State, _ backend: Backend) -> Backend.Tensor

    /// What the directions of all parameters become together before the rule underneath follows them: grafted, unless the method
    /// has another length for them.
    ///
    /// - Parameters:
    ///   - directions: of the parameters that have a state.
    ///   - learningRate: of the step.
    /// - Throws: `GradientError` of the first direction that is not finite.
    func complete(
        _ directions: inout [Backend.Tensor], of gradients: [ParameterGradient<Backend>], _ states: [State],
        learningRate: Double, _ backend: Backend
    ) throws(GradientError)

    /// The first steps in which nothing moves, since their gradients serve the method alone.
    var skippedSteps: Int { get }

    /// What the rule underneath makes of a direction.
    var use: DirectionUse { get }

    /// How the basis has turned in the last update, once.
    func takeTurn(of state: inout State) -> BasisTurn<Backend>?

    /// What a step in the coordinates is in the parameter's own.
    func displacement(_ coordinates: Backend.Tensor, _ state: State, _ backend: Backend) -> Backend.Tensor

    /// The matrices of a state with their failures, side by side.
    func sides(of state: State) -> [PreconditionerSide<Backend>]

    /// Uncoded statistics to follow beside a state that has seen no gradient, one a side; nil where none are running means.
    func shadow(of state: State, _ backend: Backend) -> StatisticShadow<Backend>?

    /// What the update of the same step does, for the shadow of a state.
    func update(
        _ shadow: inout StatisticShadow<Backend>, with gradient: ParameterGradient<Backend>, step: OptimizerStep,
        _ backend: Backend)

    /// The bytes of all statistics and roots.
    func byteCount(_ state: State, _ backend: Backend) -> Int

    /// All buffers of the state under names that begin with none of a first-order rule's, `base/`.
    func archive(_ state: State, _ backend: Backend) -> StateArchive

    /// - Throws: `StateArchiveError`; the state is then half read.
    func read(_ state: inout State, from archive: StateArchive, _ backend: Backend) throws(StateArchiveError)
}

extension GradientPreconditioner {
    /// Of a parameter whose name nobody knows.
    public func initialState(
        for parameter: ParameterShape, using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) throws -> State? { try initialState(for: parameter, named: nil, using: &generator, backend) }

    public func follow(
        _ gradient: ParameterGradient<Backend>, _ state: inout State, step: OptimizerStep, _ backend: Backend
    ) -> Backend.Tensor {
        update(&state, with: gradient, step: step, backend)
        return direction(of: gradient.tensor, state, backend)
    }

    public var joinsBiases: Bool { false }
    public func wantsFactors(at step: OptimizerStep) -> Bool { false }
    public var skippedSteps: Int { 0 }
    public var use: DirectionUse { .gradient }
    public func takeTurn(of state: inout State) -> BasisTurn<Backend>? { nil }
    public func displacement(_ coordinates: Backend.Tensor, _ state: State, _ backend: Backend) -> Backend.Tensor {
        coordinates
    }
    public func shadow(of state: State, _ backend: Backend) -> StatisticShadow<Backend>? { nil }
    public func update(
        _ shadow: inout StatisticShadow<Backend>, with gradient: ParameterGradient<Backend>, step: OptimizerStep,
        _ backend: Backend
    ) {}
}

/// What a rule makes of what its preconditioner gives.
public enum DirectionUse: Sendable {
    /// It is followed as if it were the gradient.
    case gradient
    /// It is the gradient in the coordinates of a basis, in which the rule works and keeps its moments.
    case coordinates
    /// It is the step but for the learning rate: the rule, which keeps nothing for such a parameter, gives its rate and its weight
    /// decay.
    case step
}
