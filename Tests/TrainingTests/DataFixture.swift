import Foundation
import MatrixCore
import Testing

@testable import Training

/// Runs `body` with a new folder, which is removed afterwards.
func withDataFolder<Result>(_ body: (DataFolder) throws -> Result) throws -> Result {
    let folder = DataFolder(path: NSTemporaryDirectory() + "/fourthroot-data-" + UUID().uuidString)
    try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder.path) }
    return try body(folder)
}

/// A folder of data files that a test writes.
struct DataFolder {
    let path: String

    func path(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path(name)) }

    func createFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: false)
    }

    func open(
        _ name: String, file: String? = nil, batchSize: Int = 1, context: Int? = nil, vocabulary: Int? = nil
    ) throws(DataError) -> any DataSet {
        try DataSource.open(
            name: name, path: file.map { path($0) } ?? path, batchSize: batchSize, context: context,
            vocabulary: vocabulary, seed: 0)
    }

    /// CIFAR-10 files in which image i has the class i mod 10 and `pixel(i, channel, row, column)`.
    func writeCIFAR10(
        training: Int = 12, validation: Int = 3, _ pixel: (Int, Int, Int, Int) -> UInt8 = DataFolder.pixel
    ) throws {
        func records(_ images: Range<Int>) -> [UInt8] {
            images.flatMap { [UInt8($0 % 10)] + DataFolder.image($0, pixel) }
        }
        try write(records(0..<training), to: "data_batch_1.bin")
        try write(records(training..<training + validation), to: "test_batch.bin")
    }

    /// MNIST files of 2 × 3 pixels in which image i has the class i mod 10 and six times the byte `10·i mod 256`.
    func writeMNIST(training: Int = 20, validation: Int = 7) throws {
        for (set, count) in [("train", training), ("t10k", validation)] {
            let pixels = (0..<count).flatMap { [UInt8](repeating: UInt8(10 * $0 % 256), count: 6) }
            try write(DataFolder.idx([count, 2, 3], pixels), to: "\(set)-images-idx3-ubyte")
            try write(DataFolder.idx([count], (0..<count).map { UInt8($0 % 10) }), to: "\(set)-labels-idx1-ubyte")
        }
    }

    /// Red: from row and image; green: from the column; blue: from row and column. Never 0, which is the frame's.
    static func pixel(_ image: Int, _ channel: Int, _ row: Int, _ column: Int) -> UInt8 {
        [UInt8(1 + 7 * row), UInt8(1 + 7 * column), UInt8(1 + (3 * row + 5 * column + image) % 255)][channel]
    }

    static func image(_ index: Int, _ pixel: (Int, Int, Int, Int) -> UInt8) -> [UInt8] {
        (0..<3 * 1024).map { pixel(index, $0 / 1024, $0 / 32 % 32, $0 % 32) }
    }

    static func idx(_ extents: [Int], _ entries: [UInt8]) -> [UInt8] {
        let header = extents.flatMap { extent in [24, 16, 8, 0].map { UInt8(extent >> $0 & 255) } }
        return [0, 0, 8, UInt8(extents.count)] + header + entries
    }

    /// The header of a NumPy file, written from the description in `numpy.lib.format`.
    static func npy(_ type: String, _ shape: String, order: String = "False", version: UInt8 = 1) -> [UInt8] {
        let dictionary = "{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }"
        let before = version == 1 ? 10 : 12
        let padding = String(repeating: " ", count: 63 - (before + dictionary.utf8.count) % 64)
        let text = Array((dictionary + padding + "\n").utf8)
        let length = (0..<before - 8).map { UInt8(text.count >> (8 * $0) & 255) }
        return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + text
    }

    /// A gzip file that stores `content` uncompressed, written from RFC 1951 and 1952.
    static func storedGzip(_ content: [UInt8]) -> [UInt8] {
        func littleEndian(_ value: UInt32, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }
        let length = UInt32(content.count)
        var checksum = UInt32.max
        for byte in content {
            checksum ^= UInt32(byte)
            for _ in 0..<8 { checksum = checksum & 1 == 1 ? checksum >> 1 ^ 0xEDB8_8320 : checksum >> 1 }
        }
        return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1] + littleEndian(length, 2) + littleEndian(~length, 2) + content
            + littleEndian(~checksum, 4) + littleEndian(length, 4)
    }
}

extension Batch {
    /// Of images.
    var images: Matrix<Float>? {
        guard case .images(let matrix) = content else { return nil }
        return matrix
    }

    var tokens: [Int]? {
        guard case .tokens(let tokens) = content else { return nil }
        return tokens
    }
}

/// Expects a refusal of this kind, at this place, with these words and an advice.
func expectError(
    _ kind: DataError.Kind, file: String? = nil, offset: Int? = nil, saying words: String...,
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> any DataSet
) {
    let error = #expect(throws: DataError.self, sourceLocation: sourceLocation) { _ = try body() }
    guard let error else { return }
    #expect(error.kind == kind, "\(error)", sourceLocation: sourceLocation)
    #expect(error.offset == offset, "\(error)", sourceLocation: sourceLocation)
    if let file { #expect(error.file == file, sourceLocation: sourceLocation) }
    for word in words { #expect("\(error)".contains(word), "\(error)", sourceLocation: sourceLocation) }
    #expect(!error.advice.isEmpty, sourceLocation: sourceLocation)
}
