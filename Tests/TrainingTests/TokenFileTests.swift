import Foundation
import MatrixCore
import TestSupport
import Testing

@testable import Training

/// Files of tokens that are read by windows, whatever their size.
@Suite struct TokenFileTests {
    private func littleEndian(_ tokens: [Int], width: Int) -> [UInt8] {
        tokens.flatMap { token in (0..<width).map { UInt8(truncatingIfNeeded: token >> (8 * $0)) } }
    }

    /// LLaMA 3's vocabulary of 128,256: the upper halves are 0 or 1, which a sample tells from tokens of 16 bits.
    @Test(arguments: [nil, 128_256]) func vocabulariesBeyond16Bits(_ vocabulary: Int?) throws {
        try withDataFolder { folder in
            let tokens = (0..<3000).map { $0 * 7919 % 128_256 }
            try folder.write(littleEndian(tokens, width: 4), to: "a.bin")
            let data = try folder.open("tokens", context: 5, vocabulary: vocabulary)
            #expect(data.description == .tokens(vocabulary: vocabulary ?? tokens.max()! + 1, context: 5))
            let batch = try data.validationBatches(batchSize: 2)[0]
            #expect(batch.tokens == Array(tokens[2700..<2710]) && batch.targets == Array(tokens[2701..<2711]))
            // Few tokens could be such by chance; their vocabulary decides.
            try folder.write(littleEndian([70000, 5, 70001, 6, 7, 8, 9, 10, 11, 12, 13, 14], width: 4), to: "a.bin")
            let few = try folder.open("tokens", context: 1, vocabulary: vocabulary)
            #expect(few.batchesPerEpoch(batchSize: 1) == (vocabulary == nil ? 20 : 9))
        }
    }

    /// Characters, of which all are small, are of 16 bits in a large file too.
    @Test func smallVocabularies() throws {
        try withDataFolder { folder in
            let tokens = (0..<5000).map { $0 * $0 % 13 }
            try folder.write(littleEndian(tokens, width: 2), to: "a.bin")
            #expect(try folder.open("tokens", context: 1).description == .tokens(vocabulary: 13, context: 1))
            #expect(try folder.open("tokens", context: 1).batchesPerEpoch(batchSize: 1) == 4499)
            try folder.write(littleEndian(tokens, width: 4), to: "a.bin")
            #expect(try folder.open("tokens", context: 1).batchesPerEpoch(batchSize: 1) == 4499)
        }
    }

    /// 16 TiB that nobody wrote: opened in a moment, and read where the windows lie.
    @Test func aFileLargerThanTheMemory() throws {
        try withDataFolder { folder in
            try folder.write(littleEndian([1, 2, 3, 4], width: 2), to: "a.bin")
            guard truncate(folder.path("a.bin"), 1 << 43) == 0 else { return }
            expectError(.wrongOption, file: folder.path("a.bin"), saying: "--vocabulary") {
                try folder.open("tokens", context: 1024)
            }
            let data = try folder.open("tokens", batchSize: 4, context: 1024, vocabulary: 50_257)
            #expect(data.batchesPerEpoch(batchSize: 1) > 1 << 31)
            for step in [1, 1 << 20] {
                let batch = try data.trainingBatch(step: step, batchSize: 4, seed: 1)
                #expect(batch.size == 4 && batch.targets == Array(repeating: 0, count: 4096))
            }
            #expect(data.fingerprint.contains("samples") && data.fingerprint.hasPrefix("\(1 << 42) tokens"))
        }
    }

    /// What only a later batch reads is refused with its place then.
    @Test func tokensThatAreFoundLate() throws {
        try withDataFolder { folder in
            var tokens = (0..<800_000).map { $0 % 100 }
            tokens[700_123] = 100
            try folder.write(littleEndian(tokens, width: 2), to: "a.bin")
            expectError(.damaged, offset: 1_400_246, saying: "token 100", "vocabulary's 100") {
                try folder.open("tokens", context: 1, vocabulary: 100)
            }
            let file = try TokenFile(folder.path("a.bin"), vocabulary: 100, readingWhole: 1 << 20)
            #expect(file.fingerprint.contains("samples"))
            let data = try TokenDataSet(file, vocabulary: 100, context: 7, file: nil)
            let error = #expect(throws: DataError.self) {
                for step in 1...data.batchesPerEpoch(batchSize: 1000) {
                    _ = try data.trainingBatch(step: step, batchSize: 1000, seed: 3)
                }
            }
            #expect(error?.kind == .damaged && error?.offset == 1_400_246, "\(String(describing: error))")
        }
    }

    /// Another program cuts the file short: an error of reading, where a mapped file would end the process.
    @Test func aFileThatBecomesShorter() throws {
        try withDataFolder { folder in
            try folder.write(littleEndian(Array(repeating: 7, count: 1000), width: 2) + [0, 0], to: "a.bin")
            let data = try folder.open("tokens", context: 10)
            try #require(truncate(folder.path("a.bin"), 30) == 0)
            let error = #expect(throws: DataError.self) { try data.validationBatches(batchSize: 1)[0] }
            #expect(error?.kind == .readFailed && "\(error!)".contains("shorter"))
        }
    }

    /// nanoGPT's folder: train.bin and val.bin.
    @Test func twoFiles() throws {
        try withDataFolder { folder in
            try folder.write(littleEndian((0..<50).map { $0 % 7 }, width: 2), to: "train.bin")
            try folder.write(littleEndian((0..<21).map { $0 % 9 }, width: 2), to: "val.bin")
            let data = try folder.open("tokens", context: 4)
            #expect(data.description == .tokens(vocabulary: 9, context: 4))
            #expect(data.batchesPerEpoch(batchSize: 1) == 11)
            #expect(try data.validationBatches(batchSize: 9).all().map(\.tokens) == [(0..<20).map { $0 % 9 }])
        }
    }

    /// Former versions kept tokens in 16 bits: a checkpoint of theirs finds its data again.
    @Test func theFingerprintIsThatOfFormerVersions() throws {
        try withDataFolder { folder in
            let tokens = (0..<100).map { UInt16($0 * 600) }
            let expected = TokenList(elements: tokens).fingerprint
            for width in [2, 4] {
                try folder.write(littleEndian(tokens.map { Int($0) }, width: width), to: "a.bin")
                #expect(try folder.open("tokens", context: 3).fingerprint == expected)
            }
        }
    }

    /// Every index once, also where the count is no power of two, and other epochs have other orders.
    @Test func permutationsWithoutMemory() {
        for count in [1, 2, 3, 17, 255, 256, 1000] {
            let permutation = IndexPermutation(count: count, seed: 4, epoch: 0)
            #expect(Set((0..<count).map { permutation[$0] }) == Set(0..<count))
        }
        let orders = [(4, 0), (4, 1), (5, 0)].map { seed, epoch in
            let permutation = IndexPermutation(count: 1000, seed: UInt64(seed), epoch: epoch)
            return (0..<1000).map { permutation[$0] }
        }
        #expect(Set(orders).count == 3)
        // The product of place and index, both uniform and independent, has the mean of their means.
        for order in orders {
            expectStatistical(order.enumerated().map { Double($0.offset) * Double($0.element) }, mean: 499.5 * 499.5)
        }
        let order = ShuffledOrder(count: 1000, keeping: 10)
        #expect(Set((1...10).flatMap { order.samples(step: $0, batchSize: 100, seed: 4) }) == Set(0..<1000))
    }

    /// More classes than a byte tells apart.
    @Test func labelsBeyond255() throws {
        var synthetic = SyntheticImages(classes: 300, trainingCount: 600, validationCount: 300)
        synthetic.shape = .init(channels: 1, height: 2, width: 2)
        let batch = try synthetic.dataSet(seed: 1).validationBatches(batchSize: 300)[0]
        #expect(batch.targets == Array(0..<300))
    }
}
