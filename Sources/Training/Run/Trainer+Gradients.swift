import Compute
import MatrixCore
import NeuralNetworks
import Optimizers

/// What a batch says of the network, part after part.
extension Trainer {
    /// Loss, accuracy and clipped gradients of a batch, with the norm of all before that; running statistics are moved where all
    /// is finite.
    ///
    /// The batch passes in K parts (`TrainingSettings.microBatches`), of which the k-th has n_k of its n samples: loss = Σ n_k/n·loss_k
    /// and G = Σ n_k/n·G_k, in their order. The factor n_k/n is that of the logits' gradient, so that the factors of gradients are
    /// the columns that the whole batch has, too. Running statistics are moved by every part in turn, and dropout draws for every
    /// part anew; the activations of a part are gone before the next one comes.
    mutating func differentiate(
        _ optimizerStep: OptimizerStep
    ) throws -> (loss: Double, accuracy: Double, gradients: [ParameterGradient<Backend>], norm: Double) {
        let step = optimizerStep.number
        let batch = try data.trainingBatch(step: step, batchSize: settings.batchSize, seed: settings.seed)
        let wantsFactors = rule.preconditioner?.wantsFactors(at: optimizerStep) ?? false
        var generator = dropoutGenerator(step: step)
        var point = numbers
        var (loss, correct) = (0.0, 0)
        var sum = GradientSum<Backend>(parameterCount: network.parameters.count, size: batch.size)
        for index in 0..<settings.microBatches {
            let part = batch.part(index, of: settings.microBatches)
            let share = Double(part.size) / Double(batch.size)
            let result = try differentiate(
                part, share: share, &point, step: step, seed: generator.next(), wantsFactors: wantsFactors)
            loss += share * result.loss
            correct += result.correct
            sum.add(result.pass, of: part.size)
        }
        let gradients = zip(network.parameters, sum.gradients).map { parameter, gradient in
            gradient ?? backend.zeros(rows: parameter.shape.rows, columns: parameter.shape.columns)
        }
        let norms = backend.norms(of: gradients)
        if let index = norms.firstIndex(where: { !$0.isFinite }) {
            throw DivergenceError.gradient(
                step: step, parameter: network.parameters[index].name, norm: Double(norms[index]))
        }
        numbers.runningStatistics = point.runningStatistics
        let factors = sum.factors
        let parameterGradients = gradients.indices.map {
            ParameterGradient<Backend>(gradients[$0], norm: norms[$0], factors: factors[$0])
        }
        let norm = globalNorm(norms)
        return (loss, Double(correct) / Double(batch.targets.count), clipped(parameterGradients, norm: norm), norm)
    }

    /// Forward and backward over one part, whose gradients are those of `share` times its mean loss.
    ///
    /// - Parameter point: the network's numbers, whose running statistics the part moves.
    /// - Throws: `DivergenceError.loss`.
    private func differentiate(
        _ part: Batch, share: Double, _ point: inout NetworkState<Backend>, step: Int, seed: UInt64, wantsFactors: Bool
    ) throws(DivergenceError) -> (loss: Double, correct: Int, pass: BackwardPass<Backend>) {
        var forward = ForwardPass(point, isTraining: true, seed: seed, backend)
        let (logits, record) = network.forward(input(part), &forward)
        point.runningStatistics = forward.runningStatistics
        let entropy = entropy(consume logits, part)
        guard entropy.loss.isFinite else { throw .loss(step: step, value: entropy.loss) }
        var backward = BackwardPass(
            point, wantsFactors: wantsFactors, sparing: unpreconditionedParameters, backend)
        let gradient = share == 1 ? entropy.gradient : backend.scaled(Float(share), entropy.gradient)
        network.backward(gradient, record, &backward)
        return (entropy.loss, entropy.correct, backward)
    }

    /// Of the seeds of a step's passes, one a part.
    func dropoutGenerator(step: Int) -> PhiloxGenerator {
        RandomPurpose.dropout.generator(seed: settings.seed, stream: UInt64(step))
    }
}

/// The gradients of a batch as those of its parts come in.
///
/// Factors are put in their places among those of the whole batch, one pair a use of a parameter: a method that takes means over
/// positions would mistake parts for uses.
private struct GradientSum<Backend: NeuralBackend> {
    /// Of every parameter, nil until a part has one.
    private(set) var gradients: [Backend.Tensor?]
    /// Of every parameter and use, over the positions of the whole batch.
    private var rows: [[Backend.Tensor]]
    private var columns: [[Backend.Tensor]]
    /// Samples of the batch.
    private let size: Int
    /// Those of the parts so far.
    private var count = 0

    init(parameterCount: Int, size: Int) {
        gradients = Array(repeating: nil, count: parameterCount)
        rows = Array(repeating: [], count: parameterCount)
        columns = rows
        self.size = size
    }

    /// One a use of every parameter.
    var factors: [[GradientFactors<Backend.Tensor>]] {
        zip(rows, columns).map { zip($0, $1).map { GradientFactors(rows: $0, columns: $1) } }
    }

    /// - Parameter samples: how many the part has, whose pass this was.
    mutating func add(_ pass: BackwardPass<Backend>, of samples: Int) {
        for (index, gradient) in pass.gradients.enumerated() {
            guard let gradient else { continue }
            // Taken out, so that the sum is formed in place.
            if var sum = gradients[index].take() {
                pass.backend.combine(1, into: &sum, 1, gradient)
                gradients[index] = sum
            } else {
                gradients[index] = gradient
            }
            for (use, factors) in pass.factors[index].enumerated() {
                place(factors.rows, of: samples, in: &rows[index], use, pass.backend)
                place(factors.columns, of: samples, in: &columns[index], use, pass.backend)
            }
        }
        count += samples
    }

    /// Puts the positions of a part behind those of the parts before it.
    private func place(
        _ part: Backend.Tensor, of samples: Int, in uses: inout [Backend.Tensor], _ use: Int, _ backend: Backend
    ) {
        if samples == size { return uses.append(part) }
        let (height, width) = backend.shape(of: part)
        precondition(width.isMultiple(of: samples), "\(width) positions of \(samples) samples")
        let positions = width / samples
        if uses.count == use { uses.append(backend.zeros(rows: height, columns: positions * size)) }
        let first = positions * count
        backend.setBlock(&uses[use], rows: 0..<height, columns: first..<first + width, to: part)
    }
}
