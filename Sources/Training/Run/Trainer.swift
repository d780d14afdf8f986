import Compute
import MatrixCore
import NeuralNetworks
import Optimizers

/// A training in progress: a network's numbers, the optimizer's states, and the step that moves both.
///
/// Every step is a function of the state before it, the settings and the step's number; nothing else is kept, so that
/// a state that was stored and read again goes on as if nothing had happened.
public struct Trainer<Model: Network, Rule: OptimizerRule>: Sendable
where Model.Backend == Rule.Backend, Model.Backend.Scalar == Float {
    public typealias Backend = Model.Backend

    public let network: Model
    public let rule: Rule
    public let data: any DataSet
    public let settings: TrainingSettings
    let backend: Backend
    private let layerBiases: LayerBiases
    /// The positions of those that the settings leave without a preconditioner.
    let unpreconditionedParameters: Set<Int>
    /// Steps done.
    public internal(set) var step = 0
    /// Of the last step's batch; nil before the first.
    public internal(set) var loss: Double?
    public internal(set) var numbers: NetworkState<Backend>
    /// One a parameter.
    var slots: [OptimizerSlot<Rule>]
    /// Parameters in descending order of the work that their preconditioners make, for an even load.
    private let schedulingOrder: [Int]

    /// - Throws: what the storages refuse.
    public init(
        network: Model, rule: Rule, data: any DataSet, settings: TrainingSettings, _ backend: Backend
    ) throws {
        self.network = network
        self.rule = rule
        self.data = data
        self.settings = settings
        self.backend = backend
        let unpreconditioned = settings.preconditionsVocabulary ? [] : Set(network.vocabularyParameters)
        unpreconditionedParameters = unpreconditioned
        let layerBiases = LayerBiases(
            network.parameters, areJoined: rule.preconditioner?.joinsBiases ?? false, sparing: unpreconditioned)
        self.layerBiases = layerBiases
        numbers = NetworkState(initializing: network, seed: settings.seed, backend)
        slots = try network.parameters.enumerated().map { index, parameter in
            var generator = RandomPurpose.powerIterations.generator(seed: settings.seed, stream: UInt64(index))
            let state = try rule.initialState(
                for: parameter.shape,
                preconditionedAs: unpreconditioned.contains(index)
                    ? nil : layerBiases.shape(of: index, network.parameters),
                named: parameter.name, using: &generator, backend)
            let shadow =
                settings.followsShadow
                ? rule.preconditionerState(of: state).flatMap { rule.preconditioner?.shadow(of: $0, backend) } : nil
            return OptimizerSlot(state: state, shadow: shadow)
        }
        let costs = network.parameters.map { parameter in
            let (rows, columns) = (Double(parameter.shape.rows), Double(parameter.shape.columns))
            return parameter.shape.isMatrix ? rows * rows * rows + columns * columns * columns : 0
        }
        schedulingOrder = costs.indices.sorted { costs[$0] != costs[$1] ? costs[$0] > costs[$1] : $0 < $1 }
    }

    /// One step.
    ///
    /// - Returns: the step, with the failure where roots have failed too often: it is complete all the same.
    /// - Throws: `DivergenceError`. Of a loss or gradient that is not finite nothing has been taken over. `DeviceFailure` of the
    ///   backend; the trainer's numbers are then of no use.
    public mutating func advance() throws -> StepResult {
        do {
            return try takeStep()
        } catch let error as DivergenceError {
            // What a device that fails returns need not be finite: its failure is then the reason.
            try backend.synchronize()
            throw error
        }
    }

    private mutating func takeStep() throws -> StepResult {
        let number = step + 1
        let optimizerStep = OptimizerStep(number, learningRateFactor: settings.schedule.factor(step: number))
        let (loss, accuracy, gradients, norm) = try differentiate(optimizerStep)
        let start = ContinuousClock.now
        let directions = try directions(of: gradients, optimizerStep)
        let preconditionerTime = ContinuousClock.now - start
        // Gradients that are their own directions are then the rule's to change.
        _ = consume gradients
        move(along: consume directions, optimizerStep)
        try backend.synchronize()
        step = number
        self.loss = loss
        return StepResult(
            step: number, epoch: (number - 1) / data.batchesPerEpoch(batchSize: settings.batchSize) + 1, loss: loss,
            accuracy: accuracy, learningRate: rule.learningRate * optimizerStep.learningRateFactor, gradientNorm: norm,
            preconditionerTime: preconditionerTime, offdiagonalResidual: largestResidual, failure: excessiveRootFailure())
    }

    /// The bytes of all optimizer states, preconditioners included; shadows and what is kept for dumps are not the optimizer's.
    public var optimizerStateBytes: Int { slots.reduce(0) { $0 + rule.byteCount($1.state, backend) } }

    /// What preconditioning makes of the gradients, parameters side by side.
    private mutating func directions(
        of gradients: [ParameterGradient<Backend>], _ step: OptimizerStep
    ) throws(DivergenceError) -> [Backend.Tensor] {
        let gradients = layerBiases.joined(gradients, backend)
        backend.updateConcurrently(&slots, inOrder: schedulingOrder) { [rule] lane, index, slot in
            slot.updateDirection(of: gradients[index], rule, step, lane)
        }
        var directions = slots.indices.map { slots[$0].takeDirection() }
        do throws(GradientError) {
            try rule.complete(&directions, of: gradients, slots.map(\.state), step: step, backend)
        } catch {
            throw .direction(step: step.number, parameter: network.parameters[error.parameter].name, norm: error.norm)
        }
        layerBiases.separate(&directions, backend)
        return directions
    }

    private mutating func move(along directions: consuming [Backend.Tensor], _ step: OptimizerStep) {
        // Taken apart, so that states are not shared while they change.
        let shadows = slots.map(\.shadow)
        var states = slots.map(\.state)
        slots = []
        let decays = network.parameters.map { settings.decaysAll || $0.decays }
        rule.move(&numbers.parameters, along: consume directions, states: &states, decays: decays, step: step, backend)
        slots = zip(states, shadows).map { OptimizerSlot(state: $0, shadow: $1) }
    }

    func input(_ batch: Batch) -> NetworkInput<Backend.Tensor> {
        switch batch.content {
        case .images(let matrix): .images(backend.tensor(matrix), batch: batch.size)
        case .tokens(let tokens): .tokens(tokens, batch: batch.size)
        }
    }
}

/// What a step leaves behind for the log.
public struct StepResult: Sendable, Equatable {
    public let step: Int
    /// From 1.
    public let epoch: Int
    public let loss: Double
    public let accuracy: Double
    public let learningRate: Double
    /// ‖G‖F of the gradients of all parameters together, before they are clipped.
    public let gradientNorm: Double
    /// Of the updates of statistics and roots and of their use.
    public let preconditionerTime: Duration
    /// The largest of all sides, of the last update of each; nil where no scheme asks for it.
    public let offdiagonalResidual: Double?
    /// Why the training should end with this step.
    public let failure: DivergenceError?
}

/// Independent random sequences of one seed.
enum RandomPurpose: UInt64 {
    case powerIterations = 1
    case dropout = 2

    func generator(seed: UInt64, stream: UInt64) -> PhiloxGenerator {
        var generator = PhiloxGenerator(seed: seed, stream: UInt64.max - rawValue)
        return PhiloxGenerator(seed: generator.next(), stream: stream)
    }
}
