import MatrixCore
import TestSupport
import Testing

@testable import Training

/// Data without files: what the comments promise of them.
@Suite struct DataSyntheticTests {
    private func open(_ name: String, context: Int? = nil, seed: UInt64) throws -> any DataSet {
        try DataSource.open(name: name, path: nil, batchSize: 8, context: context, vocabulary: nil, seed: seed)
    }

    @Test func theSeedDecides() throws {
        for (name, context) in [("synthetic", nil), ("synthetic-tokens", 16)] {
            let batch = try open(name, context: context, seed: 1).trainingBatch(step: 1, batchSize: 8, seed: 0)
            #expect(try open(name, context: context, seed: 1).trainingBatch(step: 1, batchSize: 8, seed: 0) == batch)
            #expect(try open(name, context: context, seed: 2).trainingBatch(step: 1, batchSize: 8, seed: 0) != batch)
        }
        #expect(
            try open("synthetic", seed: 0).description == .images(channels: 3, height: 32, width: 32, classes: 10))
        #expect(try open("synthetic-tokens", context: 9, seed: 0).description == .tokens(vocabulary: 64, context: 9))
        #expect(try open("synthetic", seed: 0).validationBatches(batchSize: 100).all().reduce(0) { $0 + $1.size } == 1024)
    }

    /// The nearest mean of the training images finds the class of almost every validation image, and with the
    /// classes shuffled it finds one in ten.
    @Test func classesCanBeLearned() throws {
        let data = SyntheticImages(trainingCount: 500, validationCount: 200).dataSet(seed: 4)
        let training = data.trainingBatch(step: 1, batchSize: 500, seed: 0)
        let validation = try data.validationBatches(batchSize: 200)[0]
        #expect((0..<10).map { label in validation.targets.count { $0 == label } } == Array(repeating: 20, count: 10))
        func share(_ targets: [Int]) throws -> [Double] {
            let images = try #require(training.images).elements
            var means = [[Float]](repeating: Array(repeating: 0, count: 3072), count: 10)
            for (index, target) in targets.enumerated() {
                for entry in 0..<3072 { means[target][entry] += images[index * 3072 + entry] / 50 }
            }
            let shown = try #require(validation.images).elements
            return (0..<200).map { index in
                let distances = means.map { mean in
                    (0..<3072).reduce(Float(0)) { sum, entry in
                        let difference = shown[index * 3072 + entry] - mean[entry]
                        return sum + difference * difference
                    }
                }
                return distances.firstIndex(of: distances.min()!) == validation.targets[index] ? 1 : 0
            }
        }
        #expect(try share(training.targets).reduce(0, +) >= 198)
        expectStatistical(try share((0..<500).map { $0 % 10 }), mean: 0.1)
    }

    /// Four successors a token, with frequencies 1/2, 1/4, 1/8, 1/8: hence the entropy 7/4·ln 2.
    @Test func tokensFollowTheirChain() throws {
        let tokens = SyntheticTokens().tokens(seed: 3).map { Int($0) }
        #expect(tokens.count == 131_072)
        var counts = [[Int: Int]](repeating: [:], count: 64)
        for (token, next) in zip(tokens, tokens.dropFirst()) { counts[token][next, default: 0] += 1 }
        // Those seen often enough for all their successors to have come.
        let frequent = counts.map { $0.values.reduce(0, +) }.enumerated().filter { $0.element > 500 }.map(\.offset)
        #expect(frequent.count > 32)
        var ranks: [[Double]] = [[], [], [], []]
        for token in frequent {
            #expect(counts[token].count == 4)
            let sorted = counts[token].values.sorted(by: >)
            for (rank, count) in sorted.enumerated() {
                ranks[rank] += Array(repeating: 1, count: count)
                for other in 0..<4 where other != rank { ranks[other] += Array(repeating: 0, count: count) }
            }
        }
        expectStatistical(ranks[0], mean: 0.5)
        expectStatistical(ranks[1], mean: 0.25)
        // The two rarest are equally frequent, so that sorting biases each of them, but not their sum.
        expectStatistical(zip(ranks[2], ranks[3]).map { $0 + $1 }, mean: 0.25)
    }
}
