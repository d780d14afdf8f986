import Foundation
import MatrixCore
import Testing

@testable import Training

/// Damaged at random, every file is read or refused by a `DataError`; in a child process, so that a trap is a failure
/// of this test and not the end of the suite. Seeds and counts are fixed.
@Suite struct DataDamageTests {
    @Test func cifarFiles() async {
        await #expect(processExitsWith: .success) {
            try withDataFolder { folder in
                try folder.writeCIFAR10(training: 4, validation: 2)
                try damage("data_batch_1.bin", in: folder, seed: 1, count: 300) { try folder.open("cifar10") }
                try damage("test_batch.bin", in: folder, seed: 2, count: 300) { try folder.open("cifar10") }
            }
        }
    }

    @Test func idxFiles() async {
        await #expect(processExitsWith: .success) {
            try withDataFolder { folder in
                try folder.writeMNIST(training: 20, validation: 7)
                let names = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte"]
                for (index, name) in names.enumerated() {
                    try damage(name, in: folder, seed: UInt64(10 + index), count: 400) { try folder.open("mnist") }
                }
            }
        }
    }

    @Test func gzipFiles() async {
        await #expect(processExitsWith: .success) {
            try withDataFolder { folder in
                try folder.writeMNIST(training: 40)
                try folder.remove("train-labels-idx1-ubyte")
                let deflated: [UInt8] = [
                    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 99, 96, 224, 96, 100, 96, 96, 208, 96, 96, 100, 98, 102, 97, 101,
                    99, 231, 224, 196, 207, 2, 0, 56, 32, 83, 177, 48, 0, 0, 0,
                ]
                let stored = DataFolder.storedGzip(DataFolder.idx([40], (0..<40).map { UInt8($0 % 10) }))
                for (seed, bytes) in [deflated, stored].enumerated() {
                    try folder.write(bytes, to: "train-labels-idx1-ubyte.gz")
                    try damage("train-labels-idx1-ubyte.gz", in: folder, seed: UInt64(20 + seed), count: 500) {
                        try folder.open("mnist")
                    }
                }
            }
        }
    }

    @Test func textsAndTokens() async {
        await #expect(processExitsWith: .success) {
            try withDataFolder { folder in
                try folder.write(Array(String(repeating: "aé€𝄞 the end\n", count: 12).utf8), to: "a.txt")
                try damage("a.txt", in: folder, seed: 30, count: 500) { try folder.open("text", file: "a.txt", context: 8) }
                try folder.write((0..<200).flatMap { [UInt8($0 % 100), 0] }, to: "a.bin")
                try damage("a.bin", in: folder, seed: 31, count: 500) {
                    try folder.open("tokens", file: "a.bin", context: 8, vocabulary: 100)
                }
                try damage("a.bin", in: folder, seed: 32, count: 500) { try folder.open("tokens", file: "a.bin", context: 8) }
            }
        }
    }
}

/// Opens `count` damaged versions of a file and draws all their batches, then restores it.
private func damage(
    _ name: String, in folder: DataFolder, seed: UInt64, count: Int, _ open: () throws -> any DataSet
) throws {
    let original = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.path(name))))
    var generator = PhiloxGenerator(seed: seed)
    var refused = 0
    for _ in 0..<count {
        try folder.write(damaged(original, &generator), to: name)
        do {
            let data = try open()
            for step in 1...data.batchesPerEpoch(batchSize: 1) {
                let batch = try data.trainingBatch(step: step, batchSize: 1, seed: seed)
                precondition(batch.size == 1)
            }
            let batches = try data.validationBatches(batchSize: 3).all()
            precondition(batches.allSatisfy { (1...3).contains($0.size) })
        } catch let error as DataError {
            precondition(!"\(error)".isEmpty)
            refused += 1
        }
    }
    try folder.write(original, to: name)
    // Damage of pixels cannot be noticed, of lengths, headers and labels it must be.
    precondition(refused > count / 20 && refused < count, "\(name): \(refused) of \(count) damaged files refused")
}

private func damaged(_ original: [UInt8], _ generator: inout PhiloxGenerator) -> [UInt8] {
    var bytes = original
    // Headers and labels are a small part: half of the damage begins in the first bytes.
    let reach = generator.below(2) == 0 ? min(16, bytes.count) : bytes.count
    let start = generator.below(reach)
    let end = min(bytes.count, start + (1 << generator.below(10)))
    switch generator.below(7) {
    case 0: bytes.removeLast(bytes.count - start)
    case 1: for position in start..<end { bytes[position] = 0 }
    case 2: for position in start..<min(end, start + 8) { bytes[position] = 0xFF }
    case 3: bytes[start] ^= 1 << UInt8(generator.below(8))
    case 4: for position in start..<min(end, start + 4) { bytes[position] = UInt8(generator.below(256)) }
    case 5: bytes.insert(contentsOf: original[start..<end], at: generator.below(bytes.count + 1))
    default:
        let target = generator.below(bytes.count - (end - start) + 1)
        bytes.replaceSubrange(target..<target + (end - start), with: original[start..<end])
    }
    return bytes
}
