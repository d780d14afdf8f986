import Compute

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
    /// - Parameter generator: seeds what is random in the state.
    /// - Throws: what the storages refuse.
    func initialState(
        for parameter: ParameterShape, using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) throws -> State?

    /// The same for a parameter whose name is known: settings may have something for it alone.
    func initialState(
        for parameter: ParameterShape, named name: String, using generator: inout some RandomNumberGenerator,
        _ backend: Backend
    ) throws -> State?

    /// Whether the update of this step takes the factors of gradients, which layers hand over on demand.
    func wantsFactors(at step: OptimizerStep) -> Bool

    /// Takes a finite gradient, and renews statistics and roots where the step asks for it. What fails stays as it was and is
    /// recorded.
    func update(
        _ state: inout State, with gradient: ParameterGradient<Backend>, step: OptimizerStep, _ backend: Backend)

    /// Ĝ of a gradient.
    func direction(of gradient: Backend.Tensor, _ state: State, _ backend: Backend) -> Backend.Tensor

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
    public func initialState(
        for parameter: ParameterShape, named name: String, using generator: inout some RandomNumberGenerator,
        _ backend: Backend
    ) throws -> State? { try initialState(for: parameter, using: &generator, backend) }

    public func wantsFactors(at step: OptimizerStep) -> Bool { false }
    public func shadow(of state: State, _ backend: Backend) -> StatisticShadow<Backend>? { nil }
    public func update(
        _ shadow: inout StatisticShadow<Backend>, with gradient: ParameterGradient<Backend>, step: OptimizerStep,
        _ backend: Backend
    ) {}
}
