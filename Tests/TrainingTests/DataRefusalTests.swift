import Foundation
import TestSupport
import Testing

@testable import Training

/// What is wrong with a file is said with its name, its place and a kind that decides the exit status.
@Suite struct DataRefusalTests {
    @Test func namesAndOptions() throws {
        try withDataFolder { folder in
            expectError(
                .unknownName, saying: "speech",
                "cifar10, cifar100, mnist, tiny-imagenet, images, text, tokens, synthetic"
            ) { try folder.open("speech") }
            expectError(.wrongOption, saying: "context") { try folder.open("text") }
            for context in [0, -1, .min] {
                expectError(.wrongOption, saying: "context") { try folder.open("text", context: context) }
            }
            for batchSize in [0, -1, .min] {
                expectError(.wrongOption, saying: "batch") { try folder.open("cifar10", batchSize: batchSize) }
            }
            for vocabulary in [0, -1, 1 << 20 + 1, .max] {
                expectError(.wrongOption, saying: "vocabulary") {
                    try folder.open("tokens", context: 1, vocabulary: vocabulary)
                }
            }
            expectError(.wrongOption, saying: "vocabulary") { try folder.open("text", context: 1, vocabulary: 5) }
            expectError(.wrongOption, saying: "path") {
                try DataSource.open(
                    name: "mnist", path: nil, batchSize: 1, context: nil, vocabulary: nil, seed: 0)
            }
            expectError(.wrongOption, saying: "no file") { try folder.open("synthetic") }
        }
    }

    @Test func absentFilesAndFolders() throws {
        try withDataFolder { folder in
            for name in ["cifar10", "cifar100", "mnist"] {
                expectError(.notFound, file: folder.path, saying: "training images", "images") { try folder.open(name) }
                expectError(.notFound, file: folder.path("x"), saying: "no such folder") {
                    try folder.open(name, file: "x")
                }
            }
            for name in ["text", "tokens"] {
                expectError(.notFound, file: folder.path, saying: "has no .") { try folder.open(name, context: 1) }
                expectError(.notFound, file: folder.path("x"), saying: "no such file") {
                    try folder.open(name, file: "x", context: 1)
                }
            }
            try folder.writeCIFAR10()
            expectError(.unreadable, saying: "this is a file", "folder") {
                try folder.open("cifar10", file: "test_batch.bin")
            }
            expectError(.notFound, saying: "more than one .bin") { try folder.open("tokens", context: 1) }
            try folder.remove("test_batch.bin")
            expectError(.notFound, file: folder.path, saying: "test_batch.bin") { try folder.open("cifar10") }
            try folder.createFolder("test_batch.bin")
            expectError(.unreadable, file: folder.path("test_batch.bin"), saying: "this is a folder") {
                try folder.open("cifar10")
            }
            try folder.writeMNIST()
            try folder.remove("t10k-labels-idx1-ubyte")
            expectError(.notFound, saying: "t10k-labels-idx1-ubyte") { try folder.open("mnist") }
        }
    }

    /// Neither waits for a writer nor reads for ever.
    @Test func pipesAndDevices() throws {
        try withDataFolder { folder in
            #expect(mkfifo(folder.path("pipe"), 0o600) == 0)
            expectError(.unreadable, saying: "no regular file") { try folder.open("text", file: "pipe", context: 1) }
            for (name, kind) in [("/dev/zero", DataError.Kind.unreadable), ("/dev/null/x", .notFound)] {
                expectError(kind, file: name) {
                    try DataSource.open(name: "text", path: name, batchSize: 1, context: 1, vocabulary: nil, seed: 0)
                }
            }
        }
    }

    @Test(.enabled(if: unreadableFile != nil, "needs a file that not even root may read")) func unreadableFiles() throws {
        let file = try #require(unreadableFile)
        for name in ["text", "tokens"] {
            expectError(.unreadable, file: file, saying: "ermission") {
                try DataSource.open(name: name, path: file, batchSize: 1, context: 1, vocabulary: nil, seed: 0)
            }
        }
    }

    private static let short = "/sys/devices/system/cpu/online"

    /// The system's own files claim a page and give a line: a read that ends before the file's size.
    @Test(.enabled(if: access(short, R_OK) == 0, "needs \(short)")) func readsThatEndEarly() throws {
        let length = try Data(contentsOf: URL(fileURLWithPath: Self.short)).count
        expectError(.readFailed, file: Self.short, offset: length, saying: "shorter") {
            try DataSource.open(name: "text", path: Self.short, batchSize: 1, context: 1, vocabulary: nil, seed: 0)
        }
    }

    /// A sparse file that claims more than the memory.
    @Test func moreThanTheMemory() throws {
        try withDataFolder { folder in
            try folder.write([0], to: "a.txt")
            try #require(truncate(folder.path("a.txt"), off_t(ProcessInfo.processInfo.physicalMemory)) == 0)
            expectError(.tooLarge, file: folder.path("a.txt"), saying: "memory") {
                try folder.open("text", file: "a.txt", context: 1)
            }
        }
    }

    @Test func cifarFiles() throws {
        try withDataFolder { folder in
            try folder.writeCIFAR10(training: 2, validation: 1)
            let training = folder.path("data_batch_1.bin")
            let good = [UInt8](try Data(contentsOf: URL(fileURLWithPath: training)))
            try folder.write([], to: "data_batch_1.bin")
            expectError(.damaged, file: training, saying: "empty") { try folder.open("cifar10") }
            try folder.write(Array(good.dropLast()), to: "data_batch_1.bin")
            expectError(.damaged, file: training, offset: 3073, saying: "6145 bytes") { try folder.open("cifar10") }
            var wrong = good
            wrong[3073] = 10
            try folder.write(wrong, to: "data_batch_1.bin")
            expectError(.damaged, file: training, offset: 3073, saying: "label 10 of image 1") {
                try folder.open("cifar10")
            }
            try folder.write(good, to: "data_batch_1.bin")
            expectError(.tooShort, file: folder.path, saying: "2 training samples") {
                try folder.open("cifar10", batchSize: 3)
            }
            expectError(.tooShort) { try folder.open("cifar10", batchSize: .max) }
            for labels in [[20, 0], [0, 100]] as [[UInt8]] {
                try folder.write([0, 0] + good[1..<3073] + labels + good[1..<3073], to: "train.bin")
                try folder.write([0, 0] + good[1..<3073], to: "test.bin")
                expectError(.damaged, offset: 3074 + (labels[0] == 20 ? 0 : 1), saying: "is not below") {
                    try folder.open("cifar100")
                }
            }
        }
    }

    @Test func idxFiles() throws {
        try withDataFolder { folder in
            try folder.writeMNIST(training: 2)
            let images = DataFolder.idx([2, 2, 3], [UInt8](repeating: 9, count: 12))
            let cases: [(bytes: [UInt8], offset: Int?, word: String)] = [
                ([], nil, "empty"),
                (Array(images[..<15]), 15, "header"),
                ([0, 0, 8, 1] + images[4...], 0, "0 0 8 1 instead of 0 0 8 3"),
                ([0, 0, 13, 3] + images[4...], 0, "0 0 13 3"),
                (Array(images.dropLast()), 4, "11 follow"),
                (images + [0], 4, "13 follow"),
                (DataFolder.idx([2, 0, 3], []), 8, "extent of 0"),
                (DataFolder.idx([0, 2, 3], []), 4, "extent of 0"),
                ([0, 0, 8, 3] + [UInt8](repeating: 255, count: 12) + [1], 4, "4294967295 × 4294967295"),
                // 2^64 bytes, which 64 bits take for the 0 that follow.
                (DataFolder.idx([1 << 31, 1 << 31, 4], []), 4, "2147483648 × 2147483648 × 4"),
                (DataFolder.idx([3, 2, 2], [UInt8](repeating: 9, count: 12)), 4, "2 labels for the 3 images"),
            ]
            for (bytes, offset, word) in cases {
                try folder.write(bytes, to: "train-images-idx3-ubyte")
                expectError(.damaged, offset: offset, saying: word) { try folder.open("mnist") }
            }
            try folder.write(images, to: "train-images-idx3-ubyte")
            try folder.write(DataFolder.idx([2], [3, 10]), to: "train-labels-idx1-ubyte")
            expectError(.damaged, file: folder.path("train-labels-idx1-ubyte"), offset: 9, saying: "label 10 of image 1") {
                try folder.open("mnist")
            }
            try folder.writeMNIST(training: 2)
            try folder.write(DataFolder.idx([7, 3, 2], [UInt8](repeating: 9, count: 42)), to: "t10k-images-idx3-ubyte")
            expectError(.damaged, file: folder.path, saying: "2 × 3", "3 × 2") { try folder.open("mnist") }
        }
    }

    @Test func gzipFiles() throws {
        try withDataFolder { folder in
            try folder.writeMNIST(training: 2)
            try folder.remove("train-labels-idx1-ubyte")
            let good = DataFolder.storedGzip(DataFolder.idx([2], [0, 1]))
            var checksum = good
            checksum[good.count - 8] ^= 1
            var method = good
            method[2] = 7
            let cases: [(bytes: [UInt8], offset: Int?, word: String)] = [
                (Array(good.dropLast()), good.count - 1, "too early"),
                (Array(good[..<2]), 2, "too early"),
                (checksum, nil, "damaged"),
                (method, nil, "damaged"),
                (good + [1, 2], nil, "damaged"),
                (DataFolder.storedGzip([]), 0, "header"),
            ]
            for (bytes, offset, word) in cases {
                try folder.write(bytes, to: "train-labels-idx1-ubyte.gz")
                let error = #expect(throws: DataError.self) { try folder.open("mnist") }
                #expect(error?.kind == .damaged && "\(error!)".contains(word), "\(error!)")
                if let offset { #expect(error?.offset == offset) }
            }
            try folder.write(good, to: "train-labels-idx1-ubyte.gz")
            #expect(try folder.open("mnist").batchesPerEpoch(batchSize: 1) == 2)
        }
    }

    /// What is not UTF-8 by RFC 3629: a lone continuation, an overlong form, a surrogate, above U+10FFFF, a cut sequence.
    @Test(
        arguments: [[0x80], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0xFF]] as [[UInt8]])
    func textThatIsNotUTF8(_ wrong: [UInt8]) throws {
        try withDataFolder { folder in
            try folder.write(Array("aé€".utf8) + wrong, to: "a.txt")
            expectError(.damaged, file: folder.path("a.txt"), offset: 6, saying: "UTF-8") {
                try folder.open("text", file: "a.txt", context: 1)
            }
        }
    }

    @Test func textsAndTokens() throws {
        try withDataFolder { folder in
            try folder.write([], to: "a.txt")
            expectError(.damaged, saying: "empty") { try folder.open("text", file: "a.txt", context: 1) }
            try folder.write(Array(repeating: 97, count: 100), to: "a.txt")
            expectError(.tooShort, saying: "one token") { try folder.open("text", file: "a.txt", context: 1) }
            try folder.write((0..<100).map { 97 + $0 % 2 }, to: "a.txt")
            // 90 characters for training, 10 for validation.
            expectError(.tooShort, saying: "90", "10") { try folder.open("text", file: "a.txt", context: 10) }
            expectError(.tooShort) { try folder.open("text", file: "a.txt", context: .max) }
            _ = try folder.open("text", file: "a.txt", batchSize: 9, context: 9)
            expectError(.tooShort, saying: "9 training samples") {
                try folder.open("text", file: "a.txt", batchSize: 10, context: 9)
            }
            try folder.write((0..<41).map { UInt8($0) }, to: "a.bin")
            expectError(.damaged, offset: 40, saying: "41 bytes") { try folder.open("tokens", file: "a.bin", context: 1) }
            try folder.write((0..<20).flatMap { [UInt8($0), 0] }, to: "a.bin")
            _ = try folder.open("tokens", file: "a.bin", context: 1, vocabulary: 20)
            expectError(.damaged, offset: 38, saying: "token 19", "19") {
                try folder.open("tokens", file: "a.bin", context: 1, vocabulary: 19)
            }
        }
    }

    /// Up to 65,536 characters are numbered by 16 bits.
    @Test func manyCharacters() throws {
        try withDataFolder { folder in
            let scalars = (0..<65537).map { Unicode.Scalar(UInt32(0x10000 + $0))! }
            func write(_ count: Int) throws {
                var text = String.UnicodeScalarView()
                text.append(contentsOf: scalars[..<count])
                try folder.write(Array(String(text).utf8), to: "a.txt")
            }
            try write(65536)
            let data = try folder.open("text", file: "a.txt", context: 1)
            #expect(data.description == .tokens(vocabulary: 65536, context: 1))
            #expect(try data.validationBatches(batchSize: 10_000).all().last?.targets.last == 65535)
            try write(65537)
            expectError(.tooLarge, saying: "65537 different") { try folder.open("text", file: "a.txt", context: 1) }
        }
    }
}
