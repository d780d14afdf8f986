import CPUBackend
import Compute
import MatrixCore
import NeuralNetworks
import Optimizers
import Testing

@testable import Training

/// Batch normalization where the network is evaluated at another point than that at which gradients are taken.
@Suite struct EvaluatedStatisticsTests {
    private typealias Backend = CPUBackend<Float>

    private func trainer<Rule: OptimizerRule>(
        _ rule: Rule, parts: Int
    ) throws -> Trainer<ResidualNetwork<Backend>, Rule> where Rule.Backend == Backend {
        try Trainer(
            network: ResidualNetwork(
                image: ImageShape(channels: 3, height: 32, width: 32), classes: 10, width: 2, stages: [1], shortcut: .padding),
            rule: rule,
            data: DataSource.open(name: "synthetic", path: nil, batchSize: 2, context: nil, vocabulary: nil, seed: 1),
            settings: TrainingSettings(
                batchSize: 2, microBatches: parts, schedule: LearningRateSchedule(.constant, warmUpSteps: 0, steps: 9), seed: 3,
                validationBatches: 2), Backend())
    }

    /// Against passes over the batches of the steps 3 to 52, written out here, in a training that evaluates where it stands.
    @Test(arguments: [1, 2]) func statisticsAreThoseOfTheEvaluatedPoint(_ parts: Int) throws {
        var averaged = try trainer(ScheduleFreeSGD<Backend>(learningRate: 0.5), parts: parts)
        for _ in 0..<2 { _ = try averaged.advance() }
        let before = averaged.numbers.runningStatistics
        var numbers = averaged.evaluatedNumbers
        for step in 3...52 {
            let batch = try averaged.data.trainingBatch(step: step, batchSize: 2, seed: 3)
            for index in 0..<parts {
                let part = batch.part(index, of: parts)
                var pass = ForwardPass(numbers, isTraining: true, seed: 0, Backend())
                _ = averaged.network.forward(.images(try #require(part.images), batch: part.size), &pass)
                numbers.runningStatistics = pass.runningStatistics
            }
        }
        var plain = try trainer(SGDM<Backend>(), parts: parts)
        plain.numbers = numbers
        let expected = try plain.evaluate()
        #expect(try averaged.evaluate() == expected && averaged.evaluate() == expected)
        // What the training itself has is untouched, and is not what was evaluated.
        #expect(averaged.numbers.runningStatistics == before)
        plain.numbers.runningStatistics = before
        #expect(try plain.evaluate() != expected)
    }
}
