import CPUBackend
import Compute
import MatrixCore
import Optimizers
import Preconditioning
import Quantization
import Testing

@testable import NeuralNetworks
@testable import Training

/// A network that passes everything on to another, and spoils what a test asks it to.
private struct SpoiledNetwork<Inner: Network>: Network {
    let inner: Inner
    /// The parameter whose gradient becomes NaN, or nil for the logits themselves.
    let parameter: Int?

    var parameters: [ParameterDescription] { inner.parameters }
    var runningStatistics: [ParameterDescription] { inner.runningStatistics }
    var outputs: Int { inner.outputs }

    func forward(
        _ input: NetworkInput<Inner.Backend.Tensor>, _ pass: inout ForwardPass<Inner.Backend>
    ) -> (logits: Inner.Backend.Tensor, record: Inner.Record) {
        let (logits, record) = inner.forward(input, &pass)
        return (parameter == nil ? pass.backend.combine(.nan, logits, 0, logits) : logits, record)
    }

    func backward(
        _ logitsGradient: Inner.Backend.Tensor, _ record: Inner.Record, _ pass: inout BackwardPass<Inner.Backend>
    ) {
        inner.backward(logitsGradient, record, &pass)
        if let parameter, let gradient = pass.gradients[parameter] {
            pass.contribute(pass.backend.combine(.nan, gradient, 0, gradient), to: parameter)
        }
    }
}

typealias SmallShampoo = Preconditioned<SGDM<CPUBackend<Float>>, TwoSided<Shampoo, CPUBackend<Float>>>

/// Shampoo over SGDM, statistics at every step, roots at every other, blocks of at most 96.
func smallShampoo(_ scheme: PreconditionerScheme) throws -> SmallShampoo {
    try Preconditioned(
        base: SGDM(learningRate: 0.02),
        method: TwoSided(PreconditionerSettings(scheme, statisticsInterval: 1, rootInterval: 2, largestOrder: 96)))
}

@Suite struct TrainerTests {
    private let backend = CPUBackend<Float>()
    private let data: any DataSet
    private let network: MultilayerPerceptron<CPUBackend<Float>>

    init() throws {
        data = try DataSource.open(
            name: "synthetic", path: nil, batchSize: 32, context: nil, vocabulary: nil, seed: 1)
        network = try MultilayerPerceptron(
            image: ImageShape(channels: 3, height: 32, width: 32), classes: 10, hidden: 16, layers: 1)
    }

    private func settings(steps: Int, limit: Int = 5) -> TrainingSettings {
        TrainingSettings(
            batchSize: 32, schedule: LearningRateSchedule(.constant, warmUpSteps: 0, steps: steps), seed: 3,
            rootFailureLimit: limit)
    }

    private func shampoo(
        _ statistic: StatisticStorage, _ root: RootStorage, solver: RootSolver? = nil
    ) throws -> SmallShampoo {
        try smallShampoo(PreconditionerScheme(statistic: statistic, root: root, damping: 1e-4, solver: solver))
    }

    /// The synthetic classes can be told apart by a linear map.
    @Test func lossFalls() throws {
        var trainer = try Trainer(
            network: network, rule: try shampoo(.exact, .exact, solver: .eigen), data: data, settings: settings(steps: 40),
            backend)
        let before = try #require(try trainer.evaluate())
        for _ in 0..<40 { _ = try trainer.advance() }
        let after = try #require(try trainer.evaluate())
        #expect(after.loss < before.loss / 4 && after.accuracy > 0.9, "\(before) \(after)")
    }

    /// One step by hand: with SGDM from rest, w − η·(c·g + wd·w), g by the network itself; c clips the norm of all gradients, and
    /// biases do not decay unless all does.
    @Test(arguments: [(nil, false), (nil, true), (1e6, false), (0.125, false)] as [(Double?, Bool)])
    func aStepIsTheRulesStep(_ clip: Double?, _ decaysAll: Bool) throws {
        let rule = try SGDM<CPUBackend<Float>>(learningRate: 0.5, momentum: 0.9, weightDecay: 0.25)
        var settings = settings(steps: 1)
        (settings.clip, settings.decaysAll) = (clip, decaysAll)
        var trainer = try Trainer(network: network, rule: rule, data: data, settings: settings, backend)
        let start = trainer.numbers
        let batch = try data.trainingBatch(step: 1, batchSize: 32, seed: 3)
        guard case .images(let images) = batch.content else {
            throw DataError(kind: .damaged, file: nil, problem: "", advice: "")
        }
        var forward = ForwardPass(start, isTraining: true, seed: 0, backend)
        let (logits, record) = network.forward(.images(images, batch: 32), &forward)
        let entropy = backend.softmaxCrossEntropy(logits, targets: batch.targets, smoothing: 0)
        var backward = BackwardPass(start, backend)
        network.backward(entropy.gradient, record, &backward)
        let norm = backward.gradients.reduce(0.0) { sum, gradient in
            (gradient?.elements ?? []).reduce(sum) { $0 + Double($1) * Double($1) }
        }.squareRoot()
        #expect(norm > 0.5)
        let factor = clip.map { min(1, $0 / norm) } ?? 1
        let result = try trainer.advance()
        #expect(abs(result.gradientNorm - norm) <= 1e-5 * norm)
        #expect(result.loss == entropy.loss && result.accuracy == Double(entropy.correct) / 32 && result.learningRate == 0.5)
        for (index, moved) in trainer.numbers.parameters.enumerated() {
            let gradient = try #require(backward.gradients[index])
            let decay = decaysAll || !network.parameters[index].name.hasSuffix("bias") ? 0.25 : 0
            for (position, value) in moved.elements.enumerated() {
                let (w, g) = (Double(start.parameters[index].elements[position]), Double(gradient.elements[position]))
                let expected = w - 0.5 * (factor * g + decay * w)
                // Four roundings of terms no larger than these, and the norm's.
                let rounding = 6 * 0x1p-24 * (abs(w) + abs(g))
                let bound: Double = rounding + 1e-5 * abs(factor * g)
                #expect(abs(Double(value) - expected) <= bound)
            }
        }
    }

    @Test func aLossThatIsNotFiniteChangesNothing() throws {
        let spoiled = SpoiledNetwork(inner: network, parameter: nil)
        var trainer = try Trainer(
            network: spoiled, rule: try shampoo(.exact, .exact), data: data, settings: settings(steps: 3), backend)
        let start = trainer.numbers.parameters
        let failure = #expect(throws: DivergenceError.self) { try trainer.advance() }
        guard case .loss(step: 1, _)? = failure else { return #expect(Bool(false), "\(String(describing: failure))") }
        #expect(trainer.step == 0 && trainer.numbers.parameters == start && failure?.leavesWholeStep == true)
    }

    @Test func aGradientThatIsNotFiniteIsNamed() throws {
        let spoiled = SpoiledNetwork(inner: network, parameter: 2)
        let coding = try BlockCoding(codebook: Codebook(.linear2, bits: 4), blockSize: 64)
        var trainer = try Trainer(
            network: spoiled, rule: try shampoo(.eigenvector(coding), .offdiagonal(coding)), data: data,
            settings: settings(steps: 3), backend)
        let (start, archives) = (trainer.numbers.parameters, trainer.archives.map(\.archive))
        let failure = #expect(throws: DivergenceError.self) { try trainer.advance() }
        guard case .gradient(step: 1, parameter: network.parameters[2].name, let norm)? = failure else {
            return #expect(Bool(false), "\(String(describing: failure))")
        }
        #expect(norm.isNaN && trainer.step == 0)
        #expect(trainer.numbers.parameters == start && trainer.archives.map(\.archive) == archives)
    }

    /// Two bits of a statistic kept by its entries are not positive definite; the root of it fails again and again.
    @Test func rootsThatFailInARowEndTheTraining() throws {
        let coding = try BlockCoding(codebook: Codebook(.linear2, bits: 2), blockSize: 64)
        let rule = try smallShampoo(
            PreconditionerScheme(
                statistic: .full(coding), root: .exact, damping: 1e-6, solver: .eigen, indefinite: .fail))
        var trainer = try Trainer(
            network: network, rule: rule, data: data, settings: settings(steps: 40, limit: 3), backend)
        var failure: DivergenceError?
        for _ in 0..<40 where failure == nil {
            failure = try trainer.advance().failure
        }
        guard case .roots(let step, let side, count: 3, _)? = failure else {
            return #expect(Bool(false), "\(String(describing: failure))")
        }
        #expect(step == trainer.step && step >= 6 && step % 2 == 0)
        #expect(trainer.preconditionerFailures.roots >= 3)
        let matrix = try #require(try trainer.decodedStatistic(of: side))
        #expect(matrix.order <= 96 && matrix.largestMagnitude.isFinite)
        // The parameters went on from the roots that were there before.
        #expect(trainer.numbers.parameters.allSatisfy { $0.largestMagnitude.isFinite })
        // A run that goes on comes as far as the next root.
        #expect(try trainer.advance().step == step + 1)
    }

    @Test func epochsAreCountedFromOne() throws {
        let batches = data.batchesPerEpoch(batchSize: 32)
        var trainer = try Trainer(
            network: network, rule: try SGDM<CPUBackend<Float>>(learningRate: 0.01), data: data,
            settings: settings(steps: batches + 1), backend)
        var epochs: [Int] = []
        for _ in 0...batches { epochs.append(try trainer.advance().epoch) }
        #expect(epochs == Array(repeating: 1, count: batches) + [2])
    }
}
