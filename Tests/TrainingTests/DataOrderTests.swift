import Foundation
import MatrixCore
import TestSupport
import Testing

@testable import Training

/// The laws of drawing: every sample once an epoch, and nothing but seed and step.
@Suite struct DataOrderTests {
    /// 20 images that are told apart by their brightness.
    private func withImages(_ body: (any DataSet) throws -> Void) throws {
        try withDataFolder { folder in
            try folder.writeMNIST(training: 20)
            try body(folder.open("mnist"))
        }
    }

    private func brightnesses(_ batch: Batch) throws -> [Float] {
        let elements = try #require(batch.images).elements
        return stride(from: 0, to: elements.count, by: 6).map { elements[$0] }
    }

    @Test(arguments: [1, 4, 5, 20]) func everyImageOnceAnEpoch(batchSize: Int) throws {
        try withImages { data in
            let batches = data.batchesPerEpoch(batchSize: batchSize)
            #expect(batches == 20 / batchSize)
            for epoch in 0..<3 {
                let drawn = try (1...batches).flatMap {
                    try brightnesses(data.trainingBatch(step: epoch * batches + $0, batchSize: batchSize, seed: 3))
                }
                #expect(drawn.count == 20 && Set(drawn).count == 20)
            }
        }
    }

    @Test func samplesLeftOverAreNotUsed() throws {
        try withImages { data in
            #expect(data.batchesPerEpoch(batchSize: 7) == 2)
            #expect(data.batchesPerEpoch(batchSize: 21) == 0)
            let drawn = try (1...2).flatMap {
                try brightnesses(data.trainingBatch(step: $0, batchSize: 7, seed: 3))
            }
            #expect(Set(drawn).count == 14)
        }
    }

    @Test func imagesKeepTheirClasses() throws {
        try withImages { data in
            // Image i has byte 10·i and class i mod 10: sorted by brightness, the classes count up.
            let batch = try data.trainingBatch(step: 1, batchSize: 20, seed: 8)
            let classes = zip(try brightnesses(batch), batch.targets).sorted { $0.0 < $1.0 }.map(\.1)
            #expect(classes == (0..<20).map { $0 % 10 })
        }
    }

    /// In any order, from any data set value, also from several threads: the resumed run's batches.
    @Test func aBatchDependsOnSeedAndStepAlone() async throws {
        try withDataFolder { folder in
            try folder.writeCIFAR10()
            let steps = Array(1...9)
            let first = try folder.open("cifar10")
            let expected = try steps.map { try first.trainingBatch(step: $0, batchSize: 4, seed: 5) }
            for step in steps.reversed() {
                let fresh = try folder.open("cifar10")
                #expect(try fresh.trainingBatch(step: step, batchSize: 4, seed: 5) == expected[step - 1])
                _ = try first.trainingBatch(step: step, batchSize: 4, seed: 6)
                #expect(try first.trainingBatch(step: step, batchSize: 4, seed: 5) == expected[step - 1])
            }
            DispatchQueue.concurrentPerform(iterations: 36) { iteration in
                let step = 1 + iteration * 5 % 9
                #expect((try? first.trainingBatch(step: step, batchSize: 4, seed: 5)) == expected[step - 1])
            }
        }
    }

    @Test func seedsEpochsAndStepsDiffer() throws {
        try withImages { data in
            func order(_ step: Int, _ seed: UInt64) throws -> [Float] {
                try brightnesses(data.trainingBatch(step: step, batchSize: 20, seed: seed))
            }
            let orders = try [order(1, 0), order(2, 0), order(3, 0), order(1, 1), order(1, 1 << 32), order(2, 1)]
            #expect(Set(orders).count == orders.count)
        }
    }

    /// Every sample comes first equally often: the place of sample 0 over 4,000 epochs is uniform in 0…4.
    @Test func permutationsAreUniform() {
        let order = ShuffledOrder(count: 5)
        var places = [[Double]](repeating: [], count: 5)
        var permutations: [[Int]: Int] = [:]
        for step in 1...4000 {
            let permutation = Array(order.samples(step: step, batchSize: 5, seed: 11))
            permutations[permutation, default: 0] += 1
            for sample in 0..<5 { places[sample].append(permutation[0] == sample ? 1 : 0) }
        }
        for sample in 0..<5 { expectStatistical(places[sample], mean: 0.2) }
        // χ² with 119 degrees of freedom has mean 119 and variance 238.
        let expected = 4000.0 / 120
        let square = permutations.values.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
        #expect(permutations.count == 120)
        expectBound(abs(square - 119), atMost: 5 * 238.0.squareRoot())
    }

    /// 905 training tokens that count up: windows are disjoint, cover what the rule says, and targets are one further.
    @Test(arguments: [1, 2, 7, 64, 100]) func everyWindowOnceAnEpoch(context: Int) throws {
        let data = try TokenDataSet((0..<1006).map { UInt16($0) }, vocabulary: 1006, context: context, file: nil)
        let windows = data.batchesPerEpoch(batchSize: 1)
        #expect(windows * context > 905 - 2 * context && windows * context <= 905 - context)
        var offsets: Set<Int> = []
        for epoch in 0..<40 {
            let batches = try (1...windows).map { try data.trainingBatch(step: epoch * windows + $0, batchSize: 1, seed: 2) }
            for batch in batches {
                let tokens = try #require(batch.tokens)
                #expect(tokens == Array(tokens[0]..<tokens[0] + context))
                #expect(batch.targets == tokens.map { $0 + 1 })
            }
            let starts = try batches.map { try #require($0.tokens)[0] }.sorted()
            #expect(starts == (0..<windows).map { starts[0] + $0 * context })
            #expect(starts[0] < context && starts[windows - 1] + context < 905)
            offsets.insert(starts[0])
        }
        #expect(offsets.count >= min(context, 20))
    }

    /// The shortest text: one window for training, at any place where it fits, and one for validation.
    @Test func oneWindow() throws {
        let data = try TokenDataSet((0..<40).map { UInt16($0) }, vocabulary: 40, context: 3, file: nil)
        #expect(try data.validationBatches(batchSize: 1).all().map(\.tokens) == [[36, 37, 38]])
        let short = try TokenDataSet([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], vocabulary: 12, context: 1, file: nil)
        #expect(try short.validationBatches(batchSize: 1).all().map(\.targets) == [[11]])
        let single = try TokenDataSet((0..<11).map { UInt16($0) }, vocabulary: 11, context: 1, file: nil)
        #expect(single.batchesPerEpoch(batchSize: 1) == 8)
    }

    /// The networks' parameters are drawn from streams 0, 1, 2, … of a seed: the data must not repeat their numbers.
    @Test func theDrawsAreApartFromThoseOfParameters() {
        var seen: Set<UInt64> = []
        for stream in 0..<64 {
            var generator = PhiloxGenerator(seed: 9, stream: UInt64(stream))
            seen.insert(generator.next())
        }
        for number in 0..<64 {
            for purpose in [
                DrawPurpose.epochOrder, .windowOffset, .augmentation, .syntheticImages, .syntheticTokens, .randAugment, .mixing,
            ] {
                var generator = PhiloxGenerator(seed: 9, for: purpose, number: number)
                #expect(seen.insert(generator.next()).inserted)
            }
        }
    }
}
