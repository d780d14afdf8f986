import CPUBackend
import Compute
import MatrixCore
import Optimizers
import Preconditioning
import TestSupport
import Testing

@testable import NeuralNetworks
@testable import Training

/// Batches that pass through the network in parts.
@Suite struct AccumulationTests {
    private typealias Backend = CPUBackend<Float>
    private let backend = Backend()

    private func settings(batch: Int, parts: Int) -> TrainingSettings {
        TrainingSettings(
            batchSize: batch, microBatches: parts, schedule: LearningRateSchedule(.constant, warmUpSteps: 0, steps: 2), seed: 3)
    }

    @Test func partsAreConsecutiveAndTheEarlierOnesLarger() {
        let images = Batch(
            content: .images(Matrix(rows: 2, columns: 24, elements: (0..<48).map { Float($0) })), size: 8,
            targets: Array(0..<8), mixture: Batch.Mixture(targets: [1, 2, 3, 4, 5, 6, 7, 0], share: 0.25))
        let parts = (0..<3).map { images.part($0, of: 3) }
        #expect(parts.map(\.size) == [3, 3, 2] && parts.map(\.targets) == [[0, 1, 2], [3, 4, 5], [6, 7]])
        #expect(parts.map { $0.mixture?.targets } == [[1, 2, 3], [4, 5, 6], [7, 0]])
        #expect(parts.allSatisfy { $0.mixture?.share == 0.25 })
        // Three columns of two channels a sample.
        #expect(parts[1].images == Matrix(rows: 2, columns: 9, elements: (18..<36).map { Float($0) }))
        #expect(parts[2].images == Matrix(rows: 2, columns: 6, elements: (36..<48).map { Float($0) }))
        let tokens = Batch(content: .tokens(Array(0..<10)), size: 5, targets: Array(1..<11))
        #expect(tokens.part(1, of: 2) == Batch(content: .tokens([6, 7, 8, 9]), size: 2, targets: [7, 8, 9, 10]))
        #expect(tokens.part(0, of: 1) == tokens)
    }

    // MARK: - The law

    /// Of one step.
    private struct Outcome {
        let result: StepResult
        let start: [Matrix<Float>]
        let end: [Matrix<Float>]
        let statistics: [Matrix<Float>]
    }

    private func step<Model: Network, Rule: OptimizerRule>(
        _ network: Model, _ rule: Rule, _ data: any DataSet, parts: Int
    ) throws -> Outcome where Model.Backend == Backend, Rule.Backend == Backend {
        var trainer = try Trainer(
            network: network, rule: rule, data: data, settings: settings(batch: 8, parts: parts), backend)
        let start = trainer.numbers.parameters
        let result = try trainer.advance()
        let statistics = try trainer.sides.compactMap { try $0.side[.statistic]?.matrix(backend) }
        return Outcome(result: result, start: start, end: trainer.numbers.parameters, statistics: statistics)
    }

    private static let damping = 0.1

    /// A step of length η = 1 along the gradient that a method has preconditioned by this very gradient alone.
    private func rule(_ method: (any PreconditionerMethod.Type)?) throws -> any OptimizerRule<Backend> {
        let base = try SGDM<Backend>(learningRate: 1, momentum: 0, weightDecay: 0)
        guard let method else { return base }
        let scheme = try PreconditionerScheme(
            statistic: .exact, root: .exact, decay: 0, damping: Self.damping, exponent: method.defaults.exponent,
            solver: .eigen,
            beginsAtZero: true)
        return try method.preconditioned(
            base,
            PreconditionerSettings(
                scheme, statisticsInterval: 1, rootInterval: 1, largestOrder: method.defaults.largestOrder,
                own: method.defaults.own))
    }

    /// What a preconditioner makes of a relative error δ of its statistics and of the gradient, over δ: of a root
    /// (A + ελI)^(-p) the error is at most p·κ·δ, κ ≤ 1 + 1/ε, of two of them and the gradient 1 + 2p(1 + 1/ε), and grafting
    /// scales by two norms more. Of Eva the gradient less a product of four means and of four in a denominator that is damped: 9,
    /// and ν has half the error of a sum. Alone the gradient is what it is.
    private func amplification(_ method: (any PreconditionerMethod.Type)?) -> Double {
        guard let method else { return 1 }
        return method.keepsRoots ? 3 + 2 * method.defaults.exponent * (1 + 1 / Self.damping) : 10
    }

    /// One step in three parts of 3, 3 and 2 samples is one of the whole batch, but for rounding: every number of a pass is a sum
    /// of at most `order` products, which in either order has an error of at most order·u times that of the magnitudes (Higham,
    /// "Accuracy and stability of numerical algorithms", section 3.1), and the step is as exact as its gradient times what
    /// preconditioning makes of errors. The ratio's threshold is for layers that pass errors on, and for sums that cancel.
    private func expectLaw<Model: Network>(
        _ network: Model, _ data: any DataSet, _ name: String, order: Int
    ) throws where Model.Backend == Backend {
        let method = PreconditionerTable.entries.first { $0.name == name }?.definition
        let rule = try rule(method)
        let (whole, parts) = (try step(network, rule, data, parts: 1), try step(network, rule, data, parts: 3))
        let unitRoundoff = 0x1p-24
        expectTestRatio(
            parts.result.loss - whole.result.loss, scale: whole.result.loss, order: order, unitRoundoff: unitRoundoff, "loss")
        #expect(parts.result.accuracy == whole.result.accuracy)
        for (index, (a, b)) in zip(parts.end, whole.end).enumerated() {
            let moved = largestDifference(b, whole.start[index])
            expectTestRatio(
                largestDifference(a, b), scale: amplification(method) * moved + Double(b.largestMagnitude), order: order,
                unitRoundoff: unitRoundoff, "\(name), \(network.parameters[index].name)")
            #expect(moved > 0, "\(network.parameters[index].name)")
        }
        #expect(parts.statistics.count == whole.statistics.count)
        #expect(whole.statistics.isEmpty != (method?.keepsRoots ?? false))
        for (a, b) in zip(parts.statistics, whole.statistics) {
            expectTestRatio(
                largestDifference(a, b), scale: Double(b.largestMagnitude), order: order, unitRoundoff: unitRoundoff,
                "a statistic of \(name)")
        }
    }

    private static let methods = ["sgdm", "shampoo", "kfac", "adabk", "eva"]

    private var images: any DataSet {
        SyntheticImages(
            classes: 3, shape: .init(channels: 1, height: 4, width: 4), trainingCount: 8, validationCount: 3
        ).dataSet(seed: 1)
    }

    private func perceptron() throws -> MultilayerPerceptron<Backend> {
        try MultilayerPerceptron(image: ImageShape(channels: 1, height: 4, width: 4), classes: 3, hidden: 12, layers: 2)
    }

    @Test(arguments: methods) func aPerceptronsStep(_ method: String) throws {
        try expectLaw(perceptron(), images, method, order: 16)
    }

    /// Samples that are mixed with their neighbors, of which some are in another part.
    @Test(arguments: [BatchMixing(mixup: 1, cutMix: nil), BatchMixing(mixup: nil, cutMix: 1)])
    func aStepOfMixedSamples(_ mixing: BatchMixing?) throws {
        try expectLaw(perceptron(), MixedDataSet(base: images, mixing: try #require(mixing)), "sgdm", order: 16)
    }

    private func text() throws -> any DataSet {
        try DataSource.open(
            name: "synthetic-tokens", path: nil, batchSize: 8, context: 8, vocabulary: nil, seed: 1)
    }

    private func transformer(dropout: Double = 0) throws -> GenerativeTransformer<Backend> {
        guard case .tokens(let vocabulary, let context) = try text().description else {
            throw DataError(kind: .damaged, file: nil, problem: "", advice: "")
        }
        return try GenerativeTransformer(
            vocabulary: vocabulary, context: context, layers: 1, width: 8, heads: 2, hidden: nil, dropout: dropout,
            tiesHead: true)
    }

    /// The token table has two uses, whose factors stay apart. Sums are over 64 positions at most, or as many tokens.
    @Test(arguments: methods) func aTransformersStep(_ method: String) throws {
        try expectLaw(transformer(), text(), method, order: 64)
    }

    // MARK: - What is drawn and what is followed

    /// The losses of the parts with seeds drawn one after another, by the network itself; of one part the first of them.
    @Test(arguments: [1, 3]) func dropoutDrawsForEveryPart(_ count: Int) throws {
        let (network, data) = (try transformer(dropout: 0.5), try text())
        var trainer = try Trainer(
            network: network, rule: SGDM<Backend>(), data: data, settings: settings(batch: 8, parts: count), backend)
        let batch = try data.trainingBatch(step: 1, batchSize: 8, seed: 3)
        var generator = RandomPurpose.dropout.generator(seed: 3, stream: 1)
        var expected = 0.0
        for part in (0..<count).map({ batch.part($0, of: count) }) {
            var pass = ForwardPass(trainer.numbers, isTraining: true, seed: generator.next(), backend)
            let logits = network.forward(trainer.input(part), &pass).logits
            expected +=
                Double(part.size) / 8 * backend.softmaxCrossEntropy(logits, targets: part.targets, smoothing: 0).loss
        }
        #expect(try trainer.advance().loss == expected)
    }

    /// A batch that is not divided passes as if there were no parts: the step of one forward and one backward pass, to the bit.
    @Test func onePartIsThePlainStep() throws {
        let (network, data) = (try transformer(dropout: 0.5), try text())
        let rule = try Preconditioned(
            base: SGDM<Backend>(learningRate: 0.5, momentum: 0.9, weightDecay: 0),
            method: TwoSided<Shampoo, Backend>(
                PreconditionerSettings(
                    PreconditionerScheme(statistic: .exact, root: .exact, damping: 0.1), statisticsInterval: 1, rootInterval: 1)
            ))
        var trainer = try Trainer(
            network: network, rule: rule, data: data, settings: settings(batch: 8, parts: 1), backend)
        var expected = trainer.numbers.parameters
        let batch = try data.trainingBatch(step: 1, batchSize: 8, seed: 3)
        var generator = RandomPurpose.dropout.generator(seed: 3, stream: 1)
        var forward = ForwardPass(trainer.numbers, isTraining: true, seed: generator.next(), backend)
        let (logits, record) = network.forward(trainer.input(batch), &forward)
        var backward = BackwardPass(trainer.numbers, backend)
        network.backward(
            backend.softmaxCrossEntropy(logits, targets: batch.targets, smoothing: 0).gradient, record, &backward)
        for (index, parameter) in network.parameters.enumerated() {
            var generator = RandomPurpose.powerIterations.generator(seed: 3, stream: UInt64(index))
            var state = try rule.initialState(for: parameter.shape, named: parameter.name, using: &generator, backend)
            try rule.update(
                &expected[index], gradient: #require(backward.gradients[index]), state: &state, step: OptimizerStep(1), backend)
        }
        _ = try trainer.advance()
        #expect(trainer.numbers.parameters == expected)
    }

    /// Running statistics after a step of parts of 3 and 2 images are those after a pass of either.
    @Test func everyPartMovesRunningStatistics() throws {
        let network = try ResidualNetwork<Backend>(
            image: ImageShape(channels: 3, height: 32, width: 32), classes: 10, width: 2, stages: [1], shortcut: .padding)
        let data = try DataSource.open(name: "synthetic", path: nil, batchSize: 5, context: nil, vocabulary: nil, seed: 1)
        var trainer = try Trainer(
            network: network, rule: SGDM<Backend>(), data: data, settings: settings(batch: 5, parts: 2), backend)
        var expected = trainer.numbers
        let batch = try data.trainingBatch(step: 1, batchSize: 5, seed: 3)
        for part in (0..<2).map({ batch.part($0, of: 2) }) {
            var pass = ForwardPass(expected, isTraining: true, seed: 0, backend)
            _ = network.forward(trainer.input(part), &pass)
            expected.runningStatistics = pass.runningStatistics
        }
        _ = try trainer.advance()
        #expect(trainer.numbers.runningStatistics == expected.runningStatistics)
    }
}
