import Compute
import NeuralNetworks
import Optimizers

/// The network as it is used, beside the training.
extension Trainer {
    /// Loss and accuracy over the validation samples, or over as many of their batches as the settings say, taken at
    /// equal distances; nil where there are no validation samples.
    ///
    /// - Throws: `DeviceFailure` of the backend, `DataError` of a batch.
    public func evaluate() throws -> Evaluation? {
        let batches = data.validationBatches(batchSize: settings.batchSize)
        let numbers = try numbersForEvaluation()
        let count = min(settings.validationBatches ?? batches.count, batches.count)
        var (loss, correct, positions) = (0.0, 0, 0)
        for index in 0..<count {
            let batch = try batches[index * batches.count / count]
            // The last one may have fewer samples than a training batch has parts.
            let parts = min(settings.microBatches, batch.size)
            for part in (0..<parts).map({ batch.part($0, of: parts) }) {
                var pass = ForwardPass(numbers, isTraining: false, seed: 0, backend)
                let logits = network.forward(input(part), &pass).logits
                let entropy = backend.softmaxCrossEntropy(consume logits, targets: part.targets, smoothing: 0)
                loss += entropy.loss * Double(part.targets.count)
                correct += entropy.correct
                positions += part.targets.count
            }
        }
        try backend.synchronize()
        guard positions > 0 else { return nil }
        return Evaluation(loss: loss / Double(positions), accuracy: Double(correct) / Double(positions))
    }

    /// The numbers of the network that the training has made so far: an average of those at which gradients are taken,
    /// where the rule keeps one.
    var evaluatedNumbers: NetworkState<Backend> {
        var result = numbers
        for (index, slot) in slots.enumerated() {
            let point = rule.evaluationPoint(of: numbers.parameters[index], state: slot.state, backend)
            if let point { result.parameters[index] = point }
        }
        return result
    }

    /// The same with running statistics that belong to them: what training steps have left are those of the points at which
    /// gradients are taken, where other activations are normalized.
    ///
    /// They are taken anew by passes over the training batches of the next steps, so that they are a function of the step alone
    /// and nothing is drawn for them; checkpoints hold those of the training. After 50 passes, the number of the schedule-free
    /// package's own example, less than 1 % of what was there before is left: 0.9⁵⁰ = 0.005.
    private func numbersForEvaluation() throws -> NetworkState<Backend> {
        var result = evaluatedNumbers
        guard !result.runningStatistics.isEmpty, slots.indices.contains(where: isEvaluatedElsewhere) else { return result }
        for number in step + 1...step + 50 {
            let batch = try data.trainingBatch(step: number, batchSize: settings.batchSize, seed: settings.seed)
            var generator = dropoutGenerator(step: number)
            for index in 0..<settings.microBatches {
                let part = batch.part(index, of: settings.microBatches)
                var pass = ForwardPass(result, isTraining: true, seed: generator.next(), backend)
                _ = network.forward(input(part), &pass)
                result.runningStatistics = pass.runningStatistics
            }
        }
        return result
    }

    /// Whether a parameter's gradients are taken at another point than where the network is evaluated.
    func isEvaluatedElsewhere(_ parameter: Int) -> Bool {
        rule.evaluationPoint(of: numbers.parameters[parameter], state: slots[parameter].state, backend) != nil
    }
}

public struct Evaluation: Sendable, Equatable {
    public let loss: Double
    public let accuracy: Double
}
