import Compute
import MatrixCore

/// Momentum whose singular values are made equal, for matrices: m ← μm + (1 − μ)g, u = (1 − μ)g + μm (Nesterov's form),
/// w ← (1 − η·wd)·w − η·√max(1, rows/columns)·NS(u), NS an approximate polar factor. Parameters of one dimension follow AdamW
/// with a learning rate of its own, the same schedule and the same weight decay.
///
/// A filter bank of a convolution is its matrix of outputs by all else. Products are those of the backend, float32 where
/// nothing else is asked for; the published code's are bfloat16.
///
/// Source: Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024, and its code.
public struct Muon<Backend: MatrixBackend>: OptimizerRule, Equatable {
    public enum State: Sendable {
        /// m.
        case momentum(KeptTensor<Backend>)
        case moments(AdamMoments<Backend>)
    }

    public let learningRate: Double
    public let momentum: Double
    public let usesNesterov: Bool
    public private(set) var weightDecay: Double
    public let orthogonalization: NewtonSchulz
    public let momentBits: MomentBits
    /// Of parameters that are no matrices.
    public private(set) var rest: AdamW<Backend>

    /// - Throws: `HyperparameterError`.
    public init(
        learningRate: Double = MuonMethod.defaults.learningRate, momentum: Double = MuonMethod.defaults.momentum,
        usesNesterov: Bool = true, weightDecay: Double = 0, orthogonalization: NewtonSchulz = .published,
        momentBits: MomentBits = .exact, rest: AdamW<Backend>
    ) throws(HyperparameterError) {
        try HyperparameterError.requireNotNegative(learningRate, "learning rate")
        try HyperparameterError.requireFraction(momentum, "momentum")
        try HyperparameterError.requireNotNegative(weightDecay, "weight decay")
        self.learningRate = learningRate
        self.momentum = momentum
        self.usesNesterov = usesNesterov
        self.weightDecay = weightDecay
        self.orthogonalization = orthogonalization
        self.momentBits = momentBits
        self.rest = rest
    }

    public var withoutWeightDecay: Self {
        var rule = self
        rule.weightDecay = 0
        rule.rest = rest.withoutWeightDecay
        return rule
    }

    public var decoupledWeightDecay: Double? { weightDecay }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            learningRate: values.decode(Double.self, forKey: .learningRate),
            momentum: values.decode(Double.self, forKey: .momentum),
            usesNesterov: values.decode(Bool.self, forKey: .usesNesterov),
            weightDecay: values.decode(Double.self, forKey: .weightDecay),
            orthogonalization: values.decode(NewtonSchulz.self, forKey: .orthogonalization),
            momentBits: values.decode(MomentBits.self, forKey: .momentBits),
            rest: values.decode(AdamW<Backend>.self, forKey: .rest))
    }

    public func initialState(
        for parameter: ParameterShape, using generator: inout some RandomNumberGenerator, _ backend: Backend
    ) -> State {
        parameter.isMatrix
            ? .momentum(KeptTensor(zerosOf: .momentum, for: parameter, momentBits, backend))
            : .moments(rest.initialState(for: parameter, using: &generator, backend))
    }

    public func move(
        _ parameters: inout [Backend.Tensor], along directions: consuming [Backend.Tensor], states: inout [State],
        step: OptimizerStep, _ backend: Backend
    ) {
        var (matrices, others) = (Group<KeptTensor<Backend>>(), Group<AdamMoments<Backend>>())
        for (index, state) in states.enumerated() {
            switch state {
            case .momentum(let kept): matrices.add(index, parameters[index], directions[index], kept)
            case .moments(let moments): others.add(index, parameters[index], directions[index], moments)
            }
        }
        // The groups alone hold them while they change.
        let count = parameters.count
        (parameters, directions, states) = ([], [], [])
        moveMatrices(&matrices, step, backend)
        rest.move(
            &others.parameters, along: others.takeDirections(), states: &others.states, step: step, backend)
        var moved = [(tensor: Backend.Tensor, state: State)?](repeating: nil, count: count)
        for (position, index) in matrices.places.enumerated() {
            moved[index] = (matrices.parameters[position], .momentum(matrices.states[position]))
        }
        for (position, index) in others.places.enumerated() {
            moved[index] = (others.parameters[position], .moments(others.states[position]))
        }
        parameters = moved.compactMap { $0?.tensor }
        states = moved.compactMap { $0?.state }
    }

    private func moveMatrices(_ group: inout Group<KeptTensor<Backend>>, _ step: OptimizerStep, _ backend: Backend) {
        let rate = learningRate * step.learningRateFactor
        var directions = group.takeDirections()
        var momenta = backend.take(&group.states)
        backend.combine(Backend.Scalar(momentum), intoEach: &momenta, Backend.Scalar(1 - momentum), directions)
        if usesNesterov {
            backend.combine(Backend.Scalar(1 - momentum), intoEach: &directions, Backend.Scalar(momentum), momenta)
        } else {
            directions = momenta
        }
        let norms = backend.norms(of: directions)
        backend.updateConcurrently(&directions) { [orthogonalization] lane, index, direction in
            let factor = orthogonalization.orthogonalized(direction, norm: norms[index], lane)
            let (rows, columns) = lane.shape(of: factor)
            let scale = max(1, Double(rows) / Double(columns)).squareRoot()
            direction = lane.scaled(Backend.Scalar(scale), factor)
        }
        backend.combine(
            Backend.Scalar(1 - rate * weightDecay), intoEach: &group.parameters, Backend.Scalar(-rate), directions)
        backend.keep(momenta, in: &group.states)
    }

    /// Parameters of one kind, with their places among all.
    private struct Group<Kept> {
        var places: [Int] = []
        var parameters: [Backend.Tensor] = []
        private var directions: [Backend.Tensor] = []
        var states: [Kept] = []

        mutating func add(_ place: Int, _ parameter: Backend.Tensor, _ direction: Backend.Tensor, _ state: Kept) {
            places.append(place)
            parameters.append(parameter)
            directions.append(direction)
            states.append(state)
        }

        mutating func takeDirections() -> [Backend.Tensor] {
            defer { directions = [] }
            return directions
        }
    }

    public func byteCount(_ state: State, _ backend: Backend) -> Int {
        switch state {
        case .momentum(let kept): kept.byteCount(backend)
        case .moments(let moments): rest.byteCount(moments, backend)
        }
    }

    /// `momentum`, or `first` and `second`.
    public func archive(_ state: State, _ backend: Backend) -> StateArchive {
        switch state {
        case .momentum(let kept):
            var archive = StateArchive()
            kept.add(to: &archive, as: "momentum", backend)
            return archive
        case .moments(let moments): return rest.archive(moments, backend)
        }
    }

    public func read(
        _ state: inout State, from archive: StateArchive, _ backend: Backend
    ) throws(StateArchiveError) {
        switch state {
        case .momentum(var kept):
            try kept.read("momentum", from: archive, backend)
            state = .momentum(kept)
        case .moments(var moments):
            try rest.read(&moments, from: archive, backend)
            state = .moments(moments)
        }
    }
}

public enum MuonMethod: FirstOrderMethod {
    public static let name = "muon"
    /// Source: Jordan et al. 2024, also for the betas and ε of AdamW.
    public static let defaults: FirstOrderHyperparameters = {
        var values = FirstOrderHyperparameters(learningRate: 0.02, weightDecay: 0)
        (values.momentum, values.usesNesterov) = (0.95, true)
        (values.secondDecay, values.offset) = (0.95, 1e-10)
        return values
    }()
    public static let options: Set<FirstOrderHyperparameters.Option> = [
        .momentum, .firstDecay, .secondDecay, .offset, .orthogonalization, .momentBits,
    ]

    public static func kept(of parameter: ParameterShape) -> [MomentKind] {
        parameter.isMatrix ? [.momentum] : AdamWMethod.kept(of: parameter)
    }

    public static func rule<Backend: MatrixBackend>(
        _ values: FirstOrderHyperparameters, on backend: Backend.Type
    ) throws(HyperparameterError) -> any OptimizerRule<Backend> {
        var rest = values
        rest.learningRate = values.auxiliaryLearningRate
        return try Muon(
            learningRate: values.learningRate, momentum: values.momentum, usesNesterov: values.usesNesterov,
            weightDecay: values.weightDecay, orthogonalization: values.orthogonalization, momentBits: values.momentBits,
            rest: AdamWMethod.rule(rest, usesNesterov: false) as AdamW<Backend>)
    }
}
