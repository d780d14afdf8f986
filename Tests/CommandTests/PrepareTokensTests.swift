import Foundation
import Testing

/// scripts/prepare-tokens with a tokenizer package of the test's own, whose tokens are the bytes of a text.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/python3"), "needs python3"))
struct PrepareTokensTests {
    private let folder: TemporaryFolder

    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("scripts/prepare-tokens").path

    private static let package = """
        import json
        class Tokenizer:
            @staticmethod
            def from_file(path):
                tokenizer = Tokenizer()
                tokenizer.vocabulary = json.load(open(path))
                return tokenizer
            def get_vocab(self, with_added_tokens): return self.vocabulary
            def token_to_id(self, token): return self.vocabulary.get(token)
            def encode(self, text, add_special_tokens):
                self.ids = list(text.encode())
                return self
        """

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(Self.package, to: "tokenizers.py")
        try folder.write(#"{"a": 97, "</s>": 300}"#, to: "t.json")
        try folder.write(#"{"a": 97, "<|endoftext|>": 128255}"#, to: "large.json")
        try folder.write("abcdefghij", to: "a.txt")
    }

    private func run(_ arguments: [String]) throws -> ProgramRun {
        try folder.runOther(["PYTHONPATH=\(folder.path(""))", "python3", Self.script] + arguments)
    }

    private func tokens(_ name: String, width: Int = 2) throws -> [Int] {
        let bytes = [UInt8](try folder.data(name))
        return stride(from: 0, to: bytes.count, by: width).map { start in
            (0..<width).reduce(0) { $0 | Int(bytes[start + $1]) << (8 * $1) }
        }
    }

    /// One document is cut, many are dealt out whole; each ends with the end-of-text token.
    @Test func documents() throws {
        let single = try run(["a.txt", "--tokenizer", "t.json", "-o", "one", "--validation", "0.3"])
        #expect(single.status == 0 && single.standardError.contains("--vocabulary 301"), "\(single)")
        #expect(try tokens("one/train.bin") == Array(97...104))
        #expect(try tokens("one/val.bin") == [105, 106, 300])
        let lines = (0..<40).map { #"{"text": "\#($0)"}"# }.joined(separator: "\n")
        try folder.write(lines, to: "d.jsonl")
        #expect(try run(["d.jsonl", "--tokenizer", "large.json", "-o", "many", "--validation", "0.5"]).status == 0)
        let sides = try ["train", "val"].map { try tokens("many/\($0).bin", width: 4).split(separator: 128_255) }
        #expect(sides.allSatisfy { $0.count > 5 })
        let found = sides.flatMap { $0 }.map { String(decoding: $0.map { UInt8($0) }, as: UTF8.self) }
        #expect(Set(found) == Set((0..<40).map { "\($0)" }))
    }

    @Test func refusals() throws {
        try folder.write("{}\n", to: "d.jsonl")
        try folder.write(Data([65, 0xFF]), to: "bad.txt")
        for (arguments, status, word) in [
            (["absent.txt"], 66, "absent.txt"), (["d.jsonl"], 65, "d.jsonl: line 1"), (["bad.txt"], 65, "byte 1"),
            (["a.txt", "--end-of-text", "x"], 64, "no token x"), (["a.txt", "--validation", "1"], 64, "--validation"),
        ] as [([String], Int32, String)] {
            let run = try run(arguments + ["--tokenizer", "t.json", "-o", "out"])
            #expect(run.status == status && run.standardError.contains(word), "\(run)")
            #expect(!folder.contains("out/train.bin"))
        }
    }
}
