import Compute
import MatrixCore

/// A rule, with preconditioners or without, that is evaluated at an average of its points.
///
/// The average is of the points at which the rule itself is evaluated. A rule that lookahead sets back keeps its moments.
public struct Averaged<Base: OptimizerRule>: OptimizerRule {
    public typealias Backend = Base.Backend
    public typealias Preconditioner = Base.Preconditioner

    public struct State: Sendable {
        public var base: Base.State
        /// Zeros before the first step.
        public var average: Backend.Tensor
        public var hasBegun: Bool
    }

    public let base: Base
    public let averaging: Averaging

    public init(base: Base, averaging: Averaging) {
        self.base = base
        self.averaging = averaging
    }

    public func initialState(
        for parameter: ParameterShape, using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) throws -> State {
        state(try base.initialState(for: parameter, using: &generator, backend), parameter, backend)
    }

    public func initialState(
        for parameter: ParameterShape, preconditionedAs joint: ParameterShape?, named name: String,
        using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) throws -> State {
        state(
            try base.initialState(for: parameter, preconditionedAs: joint, named: name, using: &generator, backend),
            parameter, backend)
    }

    private func state(_ base: Base.State, _ parameter: ParameterShape, _ backend: Backend) -> State {
        State(base: base, average: backend.zeros(rows: parameter.rows, columns: parameter.columns), hasBegun: false)
    }

    public var learningRate: Double { base.learningRate }
    public var decoupledWeightDecay: Double? { base.decoupledWeightDecay }
    public var withoutWeightDecay: Averaged { Averaged(base: base.withoutWeightDecay, averaging: averaging) }
    public var preconditioner: Preconditioner? { base.preconditioner }
    public func preconditionerState(of state: State) -> Preconditioner.State? { base.preconditionerState(of: state.base) }

    public func direction(
        of gradient: ParameterGradient<Backend>, state: inout State, step: OptimizerStep, _ backend: Backend
    ) -> Backend.Tensor {
        base.direction(of: gradient, state: &state.base, step: step, backend)
    }

    public func move(
        _ parameters: inout [Backend.Tensor], along directions: consuming [Backend.Tensor], states: inout [State],
        step: OptimizerStep, _ backend: Backend
    ) {
        // Taken apart, so that the lists alone hold the tensors while they change.
        var bases = states.map(\.base)
        var averages = states.indices.map { index in
            states[index].hasBegun ? states[index].average : point(parameters[index], bases[index], backend)
        }
        states = []
        base.move(&parameters, along: consume directions, states: &bases, step: step, backend)
        switch averaging {
        case .exponential(let decay):
            let points = zip(parameters, bases).map { point($0, $1, backend) }
            backend.combine(Backend.Scalar(decay), intoEach: &averages, Backend.Scalar(1 - decay), points)
        case .lookahead(let steps, let rate) where step.number % steps == 0:
            backend.combine(Backend.Scalar(1 - rate), intoEach: &averages, Backend.Scalar(rate), parameters)
            parameters = averages
        case .lookahead: break
        }
        states = zip(bases, averages).map { State(base: $0, average: $1, hasBegun: true) }
    }

    /// Where the rule itself is evaluated.
    private func point(_ parameter: Backend.Tensor, _ state: Base.State, _ backend: Backend) -> Backend.Tensor {
        base.evaluationPoint(of: parameter, state: state, backend) ?? parameter
    }

    public func evaluationPoint(of parameter: Backend.Tensor, state: State, _ backend: Backend) -> Backend.Tensor? {
        state.hasBegun ? state.average : point(parameter, state.base, backend)
    }

    public func byteCount(_ state: State, _ backend: Backend) -> Int {
        base.byteCount(state.base, backend) + backend.byteCount(state.average) + 1
    }

    /// The rule's buffers under their own names, and `averaging/point` and `averaging/has_begun`.
    public func archive(_ state: State, _ backend: Backend) -> StateArchive {
        var archive = base.archive(state.base, backend)
        archive.add("averaging/point", state.average, backend)
        archive.add("averaging/has_begun", .bytes([state.hasBegun ? 1 : 0]))
        return archive
    }

    public func read(
        _ state: inout State, from archive: StateArchive, _ backend: Backend
    ) throws(StateArchiveError) {
        try base.read(&state.base, from: archive, backend)
        state.average = try archive.tensor("averaging/point", like: state.average, backend)
        let flag = try archive.bytes("averaging/has_begun", count: 1)[0]
        guard flag <= 1 else { throw archive.error("averaging/has_begun", .invalid("\(flag) is neither 0 nor 1")) }
        state.hasBegun = flag == 1
    }
}

extension OptimizerRule {
    /// This rule evaluated at an average; a function, since a type that is only known here can be opened by it.
    public func averaged(_ averaging: Averaging) -> any OptimizerRule<Backend> { Averaged(base: self, averaging: averaging) }
}
