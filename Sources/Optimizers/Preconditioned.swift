import Compute
import MatrixCore
import Preconditioning

/// A preconditioner over a first-order rule.
///
/// At every step the preconditioner takes the gradient G and gives Ĝ, which goes to the rule underneath when it has its length.
/// Gradients of parameters that the preconditioner leaves alone go there as they are. Of a preconditioner that gives coordinates
/// in a basis, the rule's step is in those coordinates, too.
public struct Preconditioned<Base: OptimizerRule, Preconditioner: GradientPreconditioner>: OptimizerRule
where Preconditioner.Backend == Base.Backend {
    public typealias Backend = Base.Backend

    public struct State: Sendable {
        /// Nil where the preconditioner gives whole steps.
        public var base: Base.State?
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
        let preconditioner = try method.initialState(for: parameter, using: &generator, backend)
        return State(
            base: needsRule(preconditioner) ? try base.initialState(for: parameter, using: &generator, backend) : nil,
            preconditioner: preconditioner)
    }

    public func initialState(
        for parameter: ParameterShape, preconditionedAs joint: ParameterShape?, named name: String,
        using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) throws -> State {
        let preconditioner = try joint.flatMap { try method.initialState(for: $0, named: name, using: &generator, backend) }
        return State(
            base: needsRule(preconditioner)
                ? try base.initialState(for: parameter, named: name, using: &generator, backend) : nil,
            preconditioner: preconditioner)
    }

    private func needsRule(_ preconditioner: Preconditioner.State?) -> Bool { preconditioner == nil || method.use != .step }

    public var learningRate: Double { base.learningRate }
    public var decoupledWeightDecay: Double? { base.decoupledWeightDecay }
    public var withoutWeightDecay: Preconditioned { Preconditioned(base: base.withoutWeightDecay, method: method) }
    public var preconditioner: Preconditioner? { method }
    public func preconditionerState(of state: State) -> Preconditioner.State? { state.preconditioner }

    public func direction(
        of gradient: ParameterGradient<Backend>, state: inout State, step: OptimizerStep, _ backend: Backend
    ) -> Backend.Tensor {
        // Taken out of the state, so that its buffers are not shared while they change.
        guard var preconditioner = state.preconditioner.take() else { return gradient.tensor }
        let direction = method.follow(gradient, &preconditioner, step: step, backend)
        if let turn = method.takeTurn(of: &preconditioner), var moments = state.base.take() {
            base.turn(&moments, by: turn, backend)
            state.base = moments
        }
        state.preconditioner = preconditioner
        return direction
    }

    public func move(
        _ parameters: inout [Backend.Tensor], along directions: consuming [Backend.Tensor], states: inout [State],
        step: OptimizerStep, _ backend: Backend
    ) {
        guard step.number > method.skippedSteps else { return }
        let step = OptimizerStep(step.number - method.skippedSteps, learningRateFactor: step.learningRateFactor)
        // Taken apart, so that the states of the rule are not shared while they change.
        let preconditioners = states.map(\.preconditioner)
        let places = states.indices.filter { states[$0].base != nil }
        var bases = states.compactMap { $0.base }
        states = []
        switch method.use {
        case .gradient: base.move(&parameters, along: consume directions, states: &bases, step: step, backend)
        case .coordinates:
            moveInCoordinates(
                &parameters, along: consume directions, states: &bases, preconditioners, step: step, backend)
        case .step:
            takeSteps(&parameters, along: consume directions, states: &bases, at: places, step: step, backend)
        }
        states = preconditioners.map { State(base: nil, preconditioner: $0) }
        for (place, base) in zip(places, bases) { states[place].base = base }
    }

    /// The rule's step from the origin of the basis, added to the parameter in its own coordinates: what keeps the basis in few
    /// bits then bends a step, and never the parameter.
    private func moveInCoordinates(
        _ parameters: inout [Backend.Tensor], along directions: consuming [Backend.Tensor], states: inout [Base.State],
        _ preconditioners: [Preconditioner.State?], step: OptimizerStep, _ backend: Backend
    ) {
        var points = zip(parameters, preconditioners).map { parameter, state in
            let shape = backend.shape(of: parameter)
            return state == nil ? parameter : backend.zeros(rows: shape.rows, columns: shape.columns)
        }
        let areTheirOwn = preconditioners.map { $0 == nil }
        base.move(&points, along: consume directions, states: &states, decays: areTheirOwn, step: step, backend)
        for (index, state) in preconditioners.enumerated() {
            if let state {
                add(1, method.displacement(points[index], state, backend), to: &parameters[index], step, backend)
            } else {
                parameters[index] = points[index]
            }
        }
    }

    /// The rule's step where it has a state, at `places`; elsewhere the direction times −η.
    private func takeSteps(
        _ parameters: inout [Backend.Tensor], along directions: consuming [Backend.Tensor], states: inout [Base.State],
        at places: [Int], step: OptimizerStep, _ backend: Backend
    ) {
        var own = places.map { parameters[$0] }
        let ownDirections = places.map { directions[$0] }
        for index in Set(parameters.indices).subtracting(places).sorted() {
            add(
                Backend.Scalar(-learningRate * step.learningRateFactor), directions[index], to: &parameters[index], step,
                backend)
        }
        base.move(&own, along: ownDirections, states: &states, step: step, backend)
        for (place, parameter) in zip(places, own) { parameters[place] = parameter }
    }

    /// W ← (1 − η·wd)·(W + factor·D): the decay comes after the step, as it is published for both uses.
    private func add(
        _ factor: Backend.Scalar, _ displacement: Backend.Tensor, to parameter: inout Backend.Tensor, _ step: OptimizerStep,
        _ backend: Backend
    ) {
        let kept = Backend.Scalar(1 - learningRate * step.learningRateFactor * (base.decoupledWeightDecay ?? 0))
        backend.combine(kept, into: &parameter, kept * factor, displacement)
    }

    public func evaluationPoint(of parameter: Backend.Tensor, state: State, _ backend: Backend) -> Backend.Tensor? {
        state.base.flatMap { base.evaluationPoint(of: parameter, state: $0, backend) }
    }

    public func byteCount(_ state: State, _ backend: Backend) -> Int {
        (state.base.map { base.byteCount($0, backend) } ?? 0)
            + (state.preconditioner.map { method.byteCount($0, backend) } ?? 0)
    }

    /// `base/…` and the buffers of the preconditioner under its own names.
    public func archive(_ state: State, _ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        if let moments = state.base { archive.add("base", base.archive(moments, backend)) }
        let buffers = state.preconditioner.map { method.archive($0, backend) } ?? StateArchive()
        for entry in buffers.entries { archive.add(entry.name, entry.buffer) }
        return archive
    }

    public func read(
        _ state: inout State, from archive: StateArchive, _ backend: Backend
    ) throws(StateArchiveError) {
        if var moments = state.base {
            try base.read(&moments, from: archive.part("base"), backend)
            state.base = moments
        }
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
