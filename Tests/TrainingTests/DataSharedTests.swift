import Foundation
import MatrixCore
import TestSupport
import Testing

@testable import Training

/// Real data, with numbers from elsewhere.
@Suite(.enabled(if: sharedFile("data") != nil, missingShared("data")))
struct DataSharedTests {
    private func open(_ name: String, _ path: String, context: Int? = nil) throws -> any DataSet {
        try DataSource.open(
            name: name, path: sharedFile("data/" + path), batchSize: 128, context: context,
            vocabulary: nil, seed: 0)
    }

    /// Sums of bytes and of their squares, 10,240,000 a channel, by NumPy from the same file.
    @Test func cifar10() throws {
        let data = try #require(try open("cifar10", "cifar10") as? ImageDataSet)
        #expect(data.batchesPerEpoch(batchSize: 1) == 10_000)
        let sums: [(sum: Int, squares: Int)] = [
            (1_288_374_445, 202_407_060_355), (1_261_510_918, 195_071_629_180), (1_167_334_298, 178_629_209_780),
        ]
        for (channel, (sum, squares)) in sums.enumerated() {
            let mean = Double(sum) / 10_240_000
            #expect(data.normalization.means[channel] == mean)
            let variance = Double(squares) / 10_240_000 - mean * mean
            expectTestRatio(
                abs(data.normalization.deviations[channel] - variance.squareRoot()), scale: 100, order: 1)
        }
        let batches = try data.validationBatches(batchSize: 128).all()
        #expect(batches.count == 16 && batches.last?.size == 80)
        #expect(batches[0].targets.prefix(10) == [9, 0, 2, 9, 1, 1, 3, 1, 0, 7])
        // The first three pixels of the first row: red 30 52 45, green 27 49 42.
        let images = try #require(batches[0].images)
        for (column, (red, green)) in [(30.0, 27.0), (52, 49), (45, 42)].enumerated() {
            for (channel, byte) in [red, green].enumerated() {
                let expected = (byte - data.normalization.means[channel]) / data.normalization.deviations[channel]
                #expect(images[channel, column] == Float(expected))
            }
        }
    }

    /// 65 characters, 1,003,854 for training and 111,540 for validation.
    ///
    /// Source: karpathy/nanoGPT, data/shakespeare_char/readme.md.
    @Test func tinyShakespeare() throws {
        for path in ["tinyshakespeare", "tinyshakespeare/input.txt"] {
            let data = try open("text", path, context: 256)
            #expect(data.description == .tokens(vocabulary: 65, context: 256))
            #expect(data.batchesPerEpoch(batchSize: 1) == (1_003_854 - 256) / 256)
            #expect(data.validationBatches(batchSize: 1).count == (111_540 - 1) / 256)
        }
        let text = try String(contentsOfFile: #require(sharedFile("data/tinyshakespeare/input.txt")), encoding: .utf8)
        let alphabet = Set(text.unicodeScalars).sorted()
        let validation = text.unicodeScalars.dropFirst(1_003_854).prefix(9).map { alphabet.firstIndex(of: $0)! }
        let batch = try open("text", "tinyshakespeare", context: 8).validationBatches(batchSize: 1)[0]
        #expect(batch.tokens == Array(validation[..<8]) && batch.targets == Array(validation[1...]))
    }
}
