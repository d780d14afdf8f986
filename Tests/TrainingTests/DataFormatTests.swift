import Foundation
import Testing

@testable import Training

/// Forms of tokens and texts beside the plain ones, and files of other formats.
@Suite struct DataFormatTests {
    /// A byte order mark is no character.
    @Test func aByteOrderMarkIsNoCharacter() throws {
        try withDataFolder { folder in
            let text = Array(String(repeating: "re𝄞ф", count: 10).utf8)
            try folder.write(text, to: "plain.txt")
            try folder.write([0xEF, 0xBB, 0xBF] + text, to: "marked.txt")
            let (plain, marked) = (
                try folder.open("text", file: "plain.txt", context: 2), try folder.open("text", file: "marked.txt", context: 2)
            )
            #expect(marked.description == .tokens(vocabulary: 4, context: 2))
            #expect(try marked.validationBatches(batchSize: 8).all() == plain.validationBatches(batchSize: 8).all())
        }
    }

    /// NumPy's format by hand: magic bytes, version, length, a dictionary padded with spaces, a line feed.
    @Test(arguments: ["|u1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8"], [1, 2])
    func numpyTokens(type: String, version: UInt8) throws {
        try withDataFolder { folder in
            let width = Int(type.suffix(1))!
            let tokens = (0..<100).map { $0 * 7 % 101 * (width > 1 ? 300 : 1) }
            let entries = tokens.flatMap { token in (0..<width).map { UInt8(token >> (8 * $0) & 255) } }
            try folder.write(DataFolder.npy(type, "(100,)", version: version) + entries, to: "a.npy")
            let data = try folder.open("tokens", context: 3)
            #expect(data.description == .tokens(vocabulary: tokens.max()! + 1, context: 3))
            let batch = try data.validationBatches(batchSize: 3)[0]
            #expect(batch.tokens == Array(tokens[90..<99]) && batch.targets == Array(tokens[91..<100]))
        }
    }

    /// nanoGPT writes 16 bits, others 32; the file does not say which.
    @Test func wideTokens() throws {
        try withDataFolder { folder in
            let tokens = (0..<100).map { $0 * 655 }
            try folder.write(tokens.flatMap { [UInt8($0 & 255), UInt8($0 >> 8), 0, 0] }, to: "a.bin")
            let data = try folder.open("tokens", context: 3)
            #expect(data.description == .tokens(vocabulary: 99 * 655 + 1, context: 3))
            #expect(try data.validationBatches(batchSize: 1)[0].tokens == Array(tokens[90..<93]))
        }
    }

    @Test func numpyFilesThatAreNoTokens() throws {
        try withDataFolder { folder in
            func expect(
                _ bytes: [UInt8], offset: Int, saying words: String..., sourceLocation: SourceLocation = #_sourceLocation
            )
                throws
            {
                try folder.write(bytes, to: "a.npy")
                for word in words {
                    expectError(
                        .damaged, file: folder.path("a.npy"), offset: offset, saying: word, sourceLocation: sourceLocation
                    ) {
                        try folder.open("tokens", file: "a.npy", context: 1)
                    }
                }
            }
            let ten = [UInt8](repeating: 1, count: 40)
            for type in [">u2", ">i4", "<f4", "<f8", "|b1", "<U1", "|S2", "|O", "<u16", "<u", ""] {
                try expect(DataFolder.npy(type, "(10,)") + ten, offset: 10, saying: "type \(type)", "astype")
            }
            for shape in ["()", "(2, 5)", "(10, 1)", "(-1,)", "(x,)", "(99999999999999999999,)"] {
                try expect(DataFolder.npy("<u4", shape) + ten, offset: 10, saying: "shape", "ravel")
            }
            let size = DataFolder.npy("<u4", "(10,)").count
            for count in [0, 9, 11, 1 << 62, Int.max] {
                let header = DataFolder.npy("<u4", "(\(count),)")
                try expect(header + ten, offset: header.count, saying: "\(count) integers of 4 bytes", "40 bytes follow")
            }
            try expect(DataFolder.npy("<u4", "(10,)") + ten[..<39], offset: size, saying: "39 bytes")
            // 2^20 at the fourth place; −2 at the second.
            let large = [UInt8](repeating: 0, count: 12) + [0, 0, 16, 0] + ten[..<24]
            try expect(DataFolder.npy("<u4", "(10,)") + large, offset: size + 12, saying: "token 1048576", "at most 1048576")
            let negative = [1, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF] + ten[..<32]
            try expect(DataFolder.npy("<i4", "(10,)") + negative, offset: size + 4, saying: "token -2")
            try expect([0x93] + Array("NUMPY".utf8), offset: 6, saying: "too early")
            try expect([0x93] + Array("NUMPY".utf8) + [9, 0, 0, 0, 0, 0], offset: 6, saying: "version 9")
            try expect([0x93] + Array("NUMPY".utf8) + [1, 0, 200, 0, 32, 32], offset: 8, saying: "200 bytes", "2 follow")
            try expect([0x93] + Array("NUMPY".utf8) + [1, 0, 2, 0, 32, 32], offset: 10, saying: "descr")
        }
    }

    /// What would be taken for tokens or characters, header and all.
    @Test func filesOfOtherFormats() throws {
        let formats: [([UInt8], String)] = [
            (Array("PK\u{3}\u{4}".utf8), "zip"), ([0x1F, 0x8B, 8], "gzip"), ([0x28, 0xB5, 0x2F, 0xFD], "Zstandard"),
            ([0x89] + Array("HDF\r\n".utf8), "HDF5"), (Array("PAR1".utf8), "Parquet"),
            ([0xFD] + Array("7zXZ".utf8), "xz"), ([0x88, 0xD8, 0x34, 0x01], "llm.c"),
        ]
        try withDataFolder { folder in
            for (start, word) in formats {
                try folder.write(start + [UInt8](repeating: 65, count: 100 - start.count), to: "a")
                for name in ["text", "tokens"] {
                    expectError(.damaged, file: folder.path("a"), offset: 0, saying: word) {
                        try folder.open(name, file: "a", context: 1)
                    }
                }
            }
            try folder.write(DataFolder.npy("<u2", "(4,)") + [1, 0, 2, 0, 3, 0, 4, 0], to: "a.npy")
            expectError(.damaged, offset: 0, saying: "NumPy", "tokens") { try folder.open("text", file: "a.npy", context: 1) }
            try folder.write((0..<100).flatMap { [UInt8(1 + $0), 0, 0, 0, 0, 0, 0, 0] }, to: "a.bin")
            expectError(.damaged, offset: 0, saying: "64-bit", "numpy.save") {
                try folder.open("tokens", file: "a.bin", context: 1)
            }
            // UTF-16 without a mark.
            try folder.write(Array("to be or not".utf8).flatMap { [$0, 0] }, to: "a.txt")
            expectError(.damaged, offset: 1, saying: "UTF-16") { try folder.open("text", file: "a.txt", context: 1) }
            try folder.write([0xFF, 0xFE] + Array("to".utf8).flatMap { [$0, 0] }, to: "a.txt")
            expectError(.damaged, offset: 0, saying: "255") { try folder.open("text", file: "a.txt", context: 1) }
        }
    }
}
