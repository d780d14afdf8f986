import Foundation
import MatrixCore
import TestSupport
import Testing

@testable import Training

/// What the readers make of files that the test writes byte by byte.
@Suite struct DataReadingTests {
    /// Every pixel of every validation image, normalized by means and deviations that are computed here.
    @Test func cifar10() throws {
        try withDataFolder { folder in
            try folder.writeCIFAR10()
            let data = try folder.open("cifar10", batchSize: 5)
            #expect(data.description == .images(channels: 3, height: 32, width: 32, classes: 10))
            #expect(data.batchesPerEpoch(batchSize: 5) == 2)
            let batches = try data.validationBatches(batchSize: 2).all()
            #expect(batches.map(\.size) == [2, 1])
            #expect(batches.flatMap(\.targets) == [2, 3, 4])
            for (batch, first) in zip(batches, [12, 14]) {
                try expectImages(batch, first: first, training: 12)
            }
        }
    }

    private func expectImages(_ batch: Batch, first: Int, training: Int) throws {
        let matrix = try #require(batch.images)
        try #require(matrix.rows == 3 && matrix.columns == batch.size * 1024)
        for channel in 0..<3 {
            let all = (0..<training).flatMap { image in
                (0..<1024).map { Double(DataFolder.pixel(image, channel, $0 / 32, $0 % 32)) }
            }
            let mean = all.reduce(0, +) / Double(all.count)
            let deviation = (all.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(all.count)).squareRoot()
            for column in 0..<matrix.columns {
                let byte = DataFolder.pixel(first + column / 1024, channel, column / 32 % 32, column % 32)
                let expected = (Double(byte) - mean) / deviation
                // A few roundings of double here, one to float there.
                expectBound(abs(Double(matrix[channel, column]) - expected), atMost: 0x1p-23 * max(1, abs(expected)))
            }
        }
    }

    @Test func partsOfCIFAR10InTheirOrder() throws {
        try withDataFolder { folder in
            try folder.createFolder("cifar-10-batches-bin")
            for (name, label) in [("data_batch_4", 4), ("data_batch_2", 2), ("test_batch", 9)] {
                let record = [UInt8(label)] + [UInt8](repeating: UInt8(label), count: 3072)
                try folder.write(record, to: "cifar-10-batches-bin/\(name).bin")
            }
            let data = try folder.open("cifar10")
            #expect(data.batchesPerEpoch(batchSize: 1) == 2)
            #expect(try Set([1, 2].flatMap { try data.trainingBatch(step: $0, batchSize: 1, seed: 0).targets }) == [2, 4])
            // Mean 3, deviation 1 in every channel.
            #expect(try data.validationBatches(batchSize: 1)[0].images?.elements == Array(repeating: 6, count: 3072))
        }
    }

    @Test func theFineLabelOfCIFAR100IsTheClass() throws {
        try withDataFolder { folder in
            let image = [UInt8](repeating: 1, count: 3072)
            try folder.write([19, 99] + image + [0, 7] + image, to: "train.bin")
            try folder.write([3, 42] + image, to: "test.bin")
            let data = try folder.open("cifar100")
            #expect(data.description == .images(channels: 3, height: 32, width: 32, classes: 100))
            #expect(try data.validationBatches(batchSize: 8).all().map(\.targets) == [[42]])
            #expect(try Set([1, 2].flatMap { try data.trainingBatch(step: $0, batchSize: 1, seed: 0).targets }) == [99, 7])
            // Channels without deviation are shifted only.
            #expect(try data.validationBatches(batchSize: 1)[0].images?.elements == Array(repeating: 0, count: 3072))
        }
    }

    @Test func mnist() throws {
        try withDataFolder { folder in
            try folder.write(DataFolder.idx([2, 1, 2], [0, 4, 2, 2]), to: "train-images-idx3-ubyte")
            try folder.write(DataFolder.idx([2], [9, 0]), to: "train-labels-idx1-ubyte")
            try folder.write(DataFolder.idx([1, 1, 2], [10, 3]), to: "t10k-images-idx3-ubyte")
            try folder.write(DataFolder.idx([1], [5]), to: "t10k-labels-idx1-ubyte")
            let data = try folder.open("mnist")
            #expect(data.description == .images(channels: 1, height: 1, width: 2, classes: 10))
            // Mean 2, deviation √2.
            let batch = try data.validationBatches(batchSize: 1)[0]
            #expect(batch.targets == [5])
            #expect(batch.images?.elements == [Float(8 / 2.0.squareRoot()), Float(1 / 2.0.squareRoot())])
            #expect(try Set([1, 2].flatMap { try data.trainingBatch(step: $0, batchSize: 1, seed: 0).targets }) == [9, 0])
        }
    }

    /// Compressed by the test, in two members with zeros behind, and under a name without .gz.
    @Test func compressedMNIST() throws {
        try withDataFolder { folder in
            try folder.writeMNIST()
            let plain = try folder.open("mnist").validationBatches(batchSize: 7)[0]
            for set in ["train", "t10k"] {
                for kind in ["images-idx3-ubyte", "labels-idx1-ubyte"] {
                    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.path("\(set)-\(kind)"))))
                    let members = DataFolder.storedGzip(Array(bytes[..<9])) + DataFolder.storedGzip(Array(bytes[9...]))
                    try folder.remove("\(set)-\(kind)")
                    try folder.write(members + [0, 0, 0], to: "\(set)-\(kind)" + (set == "train" ? ".gz" : ""))
                }
            }
            #expect(try folder.open("mnist").validationBatches(batchSize: 7)[0] == plain)
        }
    }

    /// 40 labels 0…9 in turns, as IDX, compressed by zlib 1.2.13 at level 9 through Python.
    @Test func deflatedLabels() throws {
        let deflated: [UInt8] = [
            31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 99, 96, 224, 96, 100, 96, 96, 208, 96, 96, 100, 98, 102, 97, 101, 99, 231, 224,
            196, 207, 2, 0, 56, 32, 83, 177, 48, 0, 0, 0,
        ]
        let expected: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 40] + (0..<40).map { UInt8($0 % 10) }
        #expect(try gunzip(deflated, "labels", limit: 48) == expected)
        let error = #expect(throws: DataError.self) { try gunzip(deflated, "labels", limit: 47) }
        #expect(error?.kind == .tooLarge)
    }

    /// The alphabet is e < r < ф < 𝄞 by scalar; the last tenth, 4 of 40 characters, is for validation.
    @Test func text() throws {
        try withDataFolder { folder in
            try folder.write(Array(String(repeating: "re𝄞ф", count: 10).utf8), to: "a.txt")
            let data = try folder.open("text", file: "a.txt", context: 2)
            #expect(data.description == .tokens(vocabulary: 4, context: 2))
            let batch = try data.validationBatches(batchSize: 8)[0]
            #expect(batch == Batch(content: .tokens([1, 0]), size: 1, targets: [0, 3]))
            #expect(data.validationBatches(batchSize: 8).count == 1)
            // The folder leads to its only text.
            #expect(try folder.open("text", context: 2).validationBatches(batchSize: 8)[0] == batch)
        }
    }

    @Test func tokens() throws {
        try withDataFolder { folder in
            let tokens = (0..<100).map { UInt16($0 * 655) }
            try folder.write(tokens.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }, to: "a.bin")
            let data = try folder.open("tokens", file: "a.bin", context: 3)
            #expect(data.description == .tokens(vocabulary: 99 * 655 + 1, context: 3))
            #expect(
                try data.validationBatches(batchSize: 2).all() == [
                    Batch(
                        content: .tokens((90..<96).map { $0 * 655 }), size: 2, targets: (91..<97).map { $0 * 655 }),
                    Batch(content: .tokens((96..<99).map { $0 * 655 }), size: 1, targets: (97..<100).map { $0 * 655 }),
                ])
            let wide = try folder.open("tokens", file: "a.bin", context: 3, vocabulary: 65536)
            #expect(wide.description == .tokens(vocabulary: 65536, context: 3))
        }
    }
}
