import Compute
import MatrixCore

/// A preconditioner over a first-order rule.
///
/// At every step the preconditioner takes the gradient G and gives Ĝ, which goes to the rule underneath when it is grafted.
/// Gradients of parameters that the preconditioner leaves alone go there as they are.
public struct Preconditioned<Base: OptimizerRule, Preconditioner: GradientPreconditioner>: OptimizerRule
where Preconditioner.Backend == Base.Backend {
    public typealias Backend = Base.Backend

    public struct State: Sendable {
        public var base: Base.State
        public var preconditioner: Preconditioner.State?
    }

    public let base: Base
    public let method: Preconditioner

    public init(base: Base, method: Preconditioner) {
        self.base = base
        self.method = method
    }

    public func initialState(
        for parameter: ParameterShape, using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) throws -> State {
        State(
            base: try base.initialState(for: parameter, using: &generator, backend),
            preconditioner: try method.initialState(for: parameter, using: &generator, backend))
    }

    public func initialState(
        for parameter: ParameterShape, named name: String, using generator: inout some RandomNumberGenerator,
        _ backend: Backend
    ) throws -> State {
        State(
            base: try base.initialState(for: parameter, named: name, using: &generator, backend),
            preconditioner: try method.initialState(for: parameter, named: name, using: &generator, backend))
    }

    public var learningRate: Double { base.learningRate }
    public var withoutWeightDecay: Preconditioned { Preconditioned(base: base.withoutWeightDecay, method: method) }
    public var preconditioner: Preconditioner? { method }
    public func preconditionerState(of state: State) -> Preconditioner.State? { state.preconditioner }

    public func direction(
        of gradient: ParameterGradient<Backend>, state: inout State, step: OptimizerStep, _ backend: Backend
    ) -> Backend.Tensor {
        // Taken out of the state, so that its buffers are not shared while they change.
        guard var preconditioner = state.preconditioner.take() else { return gradient.tensor }
        method.update(&preconditioner, with: gradient, step: step, backend)
        state.preconditioner = preconditioner
        return method.direction(of: gradient.tensor, preconditioner, backend)
    }

    public func move(
        _ parameters: inout [Backend.Tensor], along directions: consuming [Backend.Tensor], states: inout [State],
        step: OptimizerStep, _ backend: Backend
    ) {
        // Taken apart, so that the states of the rule are not shared while they change.
        var bases = states.map(\.base)
        let preconditioners = states.map(\.preconditioner)
        states = []
        base.move(&parameters, along: consume directions, states: &bases, step: step, backend)
        states = zip(bases, preconditioners).map { State(base: $0, preconditioner: $1) }
    }

    public func evaluationPoint(of parameter: Backend.Tensor, state: State, _ backend: Backend) -> Backend.Tensor? {
        base.evaluationPoint(of: parameter, state: state.base, backend)
    }

    public func byteCount(_ state: State, _ backend: Backend) -> Int {
        base.byteCount(state.base, backend) + (state.preconditioner.map { method.byteCount($0, backend) } ?? 0)
    }

    /// `base/…` and the buffers of the preconditioner under its own names.
    public func archive(_ state: State, _ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        archive.add("base", base.archive(state.base, backend))
        let buffers = state.preconditioner.map { method.archive($0, backend) } ?? StateArchive()
        for entry in buffers.entries { archive.add(entry.name, entry.buffer) }
        return archive
    }

    public func read(
        _ state: inout State, from archive: StateArchive, _ backend: Backend
    ) throws(StateArchiveError) {
        try base.read(&state.base, from: archive.part("base"), backend)
        if var preconditioner = state.preconditioner {
            try method.read(&preconditioner, from: archive, backend)
            state.preconditioner = preconditioner
        }
    }
}

/// `base`, and the properties of the preconditioner beside it.
extension Preconditioned {
    private enum CodingKeys: CodingKey { case base }

    public init(from decoder: any Decoder) throws {
        self.init(
            base: try decoder.container(keyedBy: CodingKeys.self).decode(Base.self, forKey: .base),
            method: try Preconditioner(from: decoder))
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(base, forKey: .base)
        try method.encode(to: encoder)
    }
}
