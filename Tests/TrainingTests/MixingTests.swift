import CPUBackend
import Compute
import ImageFiles
import MatrixCore
import NeuralNetworks
import Optimizers
import TestSupport
import Testing

@testable import Training

/// RandAugment, mixup and CutMix.
@Suite struct MixingTests {
    /// Two samples of 1 × 4 × 6: all 0 and all 1.
    private func batch(mixup: Double?, cutMix: Double?, seed: UInt64) throws -> Batch {
        let images = Matrix<Float>(rows: 1, columns: 48, elements: (0..<48).map { $0 < 24 ? 0 : 1 })
        let batch = Batch(content: .images(images), size: 2, targets: [3, 5])
        var generator = PhiloxGenerator(seed: seed)
        return try #require(BatchMixing(mixup: mixup, cutMix: cutMix)).mixed(batch, height: 4, width: 6, &generator)
    }

    /// Of the first sample every entry is the second one's share, of the second what is left.
    @Test func mixup() throws {
        for seed in 0..<20 {
            let mixed = try batch(mixup: 0.4, cutMix: nil, seed: UInt64(seed))
            let mixture = try #require(mixed.mixture)
            #expect(mixed.targets == [3, 5] && mixture.targets == [5, 3])
            let entries = try #require(mixed.images).elements
            #expect(entries[..<24].allSatisfy { $0 == Float(mixture.share) })
            #expect(entries[24...].allSatisfy { $0 == Float(1 - mixture.share) })
        }
    }

    /// A rectangle of the other sample, whose share of the area is what its target weighs.
    @Test func cutMix() throws {
        var shares: Set<Double> = []
        for seed in 0..<40 {
            let mixed = try batch(mixup: nil, cutMix: 1, seed: UInt64(seed))
            let mixture = try #require(mixed.mixture)
            let entries = try #require(mixed.images).elements
            let places = (0..<24).filter { entries[$0] == 1 }
            #expect(mixture.share == Double(places.count) / 24 || abs(mixture.share - Double(places.count) / 24) < 1e-15)
            #expect(entries[24...].enumerated().allSatisfy { $0.element == 1 - entries[$0.offset] })
            let (rows, columns) = (Set(places.map { $0 / 6 }), Set(places.map { $0 % 6 }))
            #expect(rows.count * columns.count == places.count)
            shares.insert(mixture.share)
        }
        #expect(shares.count > 3)
    }

    /// The mean of Beta(α, α) is 1/2, its variance 1/(4(2α + 1)).
    @Test(arguments: [0.1, 0.8, 1, 4]) func betaDeviates(_ alpha: Double) {
        var generator = PhiloxGenerator(seed: 3)
        let deviates = (0..<4000).map { _ in betaDeviate(alpha, &generator) }
        expectStatistical(deviates, mean: 0.5)
        expectStatistical(deviates.map { ($0 - 0.5) * ($0 - 0.5) }, mean: 1 / (4 * (2 * alpha + 1)))
    }

    /// Both losses of the batch by themselves, weighted.
    @Test func theLossIsTheWeightedMean() throws {
        let backend = CPUBackend<Float>()
        let base = SyntheticImages(
            classes: 3, shape: .init(channels: 1, height: 4, width: 4), trainingCount: 8, validationCount: 3
        )
        .dataSet(seed: 1)
        let data = MixedDataSet(base: base, mixing: try #require(BatchMixing(mixup: 1, cutMix: 1)))
        let network = try MultilayerPerceptron<CPUBackend<Float>>(
            image: ImageShape(channels: 1, height: 4, width: 4), classes: 3, hidden: 5, layers: 1)
        let rule = try SGDM<CPUBackend<Float>>(learningRate: 0.1, momentum: 0, weightDecay: 0)
        let settings = TrainingSettings(
            batchSize: 8, schedule: LearningRateSchedule(.constant, warmUpSteps: 0, steps: 2), seed: 1, labelSmoothing: 0.1)
        var trainer = try Trainer(network: network, rule: rule, data: data, settings: settings, backend)
        let batch = try data.trainingBatch(step: 1, batchSize: 8, seed: 1)
        let mixture = try #require(batch.mixture)
        var pass = ForwardPass(trainer.numbers, isTraining: false, seed: 0, backend)
        let logits = network.forward(.images(try #require(batch.images), batch: 8), &pass).logits
        let losses = [batch.targets, mixture.targets].map {
            backend.softmaxCrossEntropy(logits, targets: $0, smoothing: 0.1).loss
        }
        let result = try trainer.advance()
        expectBound(
            abs(result.loss - (1 - mixture.share) * losses[0] - mixture.share * losses[1]), atMost: 1e-12 * result.loss)
        #expect(data.description == base.description && data.fingerprint == base.fingerprint)
    }

    /// Magnitude 0 is a change of nothing but what has no magnitude, and the same numbers are the same image.
    @Test func operations() throws {
        let image = PixelImage(width: 8, height: 8, pixels: (0..<192).map { UInt8($0 + 20) })
        let none = try #require(RandAugment(count: 1, magnitude: 0))
        for operation in RandAugment.Operation.allCases where operation != .fullContrast && operation != .equalize {
            let expected = operation == .solarize ? image.solarized(from: 255) : image
            #expect(none.apply(operation, image, sign: 1) == expected)
        }
        let most = try #require(RandAugment(count: 1, magnitude: 30))
        #expect(most.apply(.shiftX, image, sign: -1) == image.shifted(x: -3, y: 0))
        #expect(most.apply(.posterize, image, sign: 1) == image.posterized(bits: 4))
        #expect(most.apply(.solarize, image, sign: 1) == image.solarized(from: 0))
        #expect(most.apply(.color, image, sign: -1) != most.apply(.color, image, sign: 1))
        for alpha in [0, -1, 1000, .nan] as [Double] { #expect(BatchMixing(mixup: alpha, cutMix: 1) == nil) }
        #expect(RandAugment(count: 0, magnitude: 9) == nil && RandAugment(count: 2, magnitude: 31) == nil)
    }

    /// RandAugment comes after the crop, from draws of its own, and leaves validation alone.
    @Test func augmentedDataSets() throws {
        var data = SyntheticImages(trainingCount: 8, validationCount: 4).dataSet(seed: 2)
        let plain = data.trainingBatch(step: 1, batchSize: 8, seed: 1)
        data.options.randAugment = RandAugment(count: 2, magnitude: 9)
        let augmented = data.trainingBatch(step: 1, batchSize: 8, seed: 1)
        #expect(augmented != plain && augmented.targets == plain.targets)
        #expect(data.trainingBatch(step: 1, batchSize: 8, seed: 1) == augmented)
        #expect(try data.validationBatches(batchSize: 4)[0].images?.columns == 4096)
    }
}
