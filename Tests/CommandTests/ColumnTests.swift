import Foundation
import HDF5Store
import MatrixCore
import Testing

/// The dictionary of columns has what the commands write, and nothing else.
@Suite struct ColumnTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.writeSoundFile(order: 12)
    }

    private static let training = [
        "train", "--model", "mlp", "--layers", "1", "--hidden", "4", "--dataset", "synthetic", "--optimizer", "sgdm",
        "--batch-size", "8", "--validation-batches", "1", "--steps", "2",
    ]

    /// Every table, and how to make a small one.
    static let tables: [(table: String, command: [String])] = [
        ("study", ["study", "a.h5", "--no-cache", "--statistic", "full"]),
        ("recode", ["recode", "a.h5", "--updates", "1"]), ("spectrum", ["spectrum", "a.h5"]),
        ("orthogonality", ["orthogonality", "a.h5", "--steps", "1"]),
        ("theory", ["theory", "a.h5", "--statement", "lemma-2"]),
        ("codebook", ["codebook", "--codebook", "linear", "--bits", "4"]),
        ("codebook --curve", ["codebook", "--codebook", "linear", "--bits", "4", "--curve"]), ("train", training),
        ("memory", ["memory", "--model", "resnet20", "--optimizer", "sgdm", "--per-layer"]),
        ("benchmark study", ["benchmark", "study", "--order", "8", "--repeat", "1"]),
        ("benchmark codec", ["benchmark", "codec", "--order", "8", "--repeat", "1"]),
        (
            "benchmark optimizer",
            [
                "benchmark", "optimizer", "--model", "gpt", "--layers", "1", "--width", "16", "--heads", "1", "--context", "8",
                "--optimizer", "sgdm", "--statistic", "exact", "--repeat", "1",
            ]
        ),
        (
            "benchmark train",
            [
                "benchmark", "train", "--model", "mlp", "--layers", "1", "--hidden", "4", "--dataset", "synthetic",
                "--optimizer", "sgdm", "--batch-size", "8", "--steps", "1", "--warm-up-steps", "0",
            ]
        ),
        ("columns", ["columns", "memory", "--format", "csv"]),
    ]

    private func dictionary(_ table: String) throws -> StudyTable {
        let run = try folder.succeed(["columns"] + table.split(separator: " ").map(String.init) + ["--format", "csv"])
        return try StudyTable(run.standardOutput)
    }

    /// In the order in which they are written, each with a meaning.
    @Test(arguments: tables) func columnsOfATable(_ table: String, _ command: [String]) throws {
        let run = try folder.succeed(command)
        let header = try #require(run.standardOutput.split(separator: "\n").first).split(separator: ",").map(String.init)
        let explained = try StudyTable(folder.succeed(["columns", "--format", "csv"]).standardOutput).rows
            .filter { $0["command"] == table }
        // A log has the columns of groups where there are groups.
        let names = explained.compactMap { $0["column"] }.filter { !$0.hasSuffix(":<group>") }
        #expect(names == header, "\(table)")
        for row in explained { #expect(row["meaning"] != "", "\(row)") }
        #expect(!explained.isEmpty)
    }

    /// The tables of the dictionary are those that are made here, and a shard's, which has four columns more.
    @Test func everyTableIsMade() throws {
        let explained = try Set(StudyTable(folder.succeed(["columns", "--format", "csv"]).standardOutput).column("command"))
        #expect(explained == Set(ColumnTests.tables.map(\.table) + ["study --shard"]))
        let shard = try folder.succeed(["study", "a.h5", "--no-cache", "--statistic", "full", "--shard", "1/1"])
        let header = try StudyTable(shard.standardOutput).header
        let own = try dictionary("study").rows.filter { $0["command"] == "study --shard" }
        #expect(own.compactMap { $0["column"] } == Array(header.suffix(4)))
        #expect(
            try Array(header.dropLast(4))
                == StudyTable(folder.succeed(["study", "a.h5", "--no-cache", "--statistic", "full"]).standardOutput).header)
    }

    /// Every field of a column of numbers is one, and every other column is of text.
    @Test(arguments: tables.prefix(5)) func types(_ table: String, _ command: [String]) throws {
        let types = try dictionary(table)
        let kinds = try Dictionary(zip(types.column("column"), types.column("type")), uniquingKeysWith: { first, _ in first })
        let mayBeEmpty = try Dictionary(
            zip(types.column("column"), types.column("empty")), uniquingKeysWith: { first, _ in first })
        let rows = try StudyTable(folder.succeed(command).standardOutput).rows
        for row in rows {
            for (name, field) in row {
                #expect(!field.isEmpty || mayBeEmpty[name] != "", "\(table): \(name) is empty")
                if field.isEmpty { continue }
                switch kinds[name] {
                case "integer": #expect(Int(field) != nil, "\(table): \(name) '\(field)'")
                case "number": #expect(Double(field) != nil, "\(table): \(name) '\(field)'")
                default: break
                }
            }
        }
    }

    @Test func page() throws {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../docs/columns.md")
        let written = try folder.succeed(["columns", "--markdown"]).standardOutput
        #expect(
            try String(contentsOf: page, encoding: .utf8) == written,
            "renew the page with 'fourthroot columns --markdown -o docs/columns.md --force'")
    }

    /// A file's columns are explained in its order, those of groups, of an earlier version and of others too.
    @Test func columnsOfAFile() throws {
        try folder.write("step,loss,validation_loss,nre:mlp,seconds,mine\n1,2,3,4,5,6\n", to: "log.csv")
        let log = try StudyTable(folder.succeed(["columns", "log.csv", "--format", "csv"]).standardOutput)
        #expect(try log.column("column") == ["step", "loss", "validation_loss", "nre:mlp", "seconds", "mine"])
        #expect(try log.column("command") == ["train", "train", "train", "train", "train", ""])
        #expect(try log.column("meaning")[3].contains("--shadow") && log.column("meaning")[5] == "")
        try folder.write(StudyTableTests.columns + "\n", to: "old.csv")
        let old = try StudyTable(folder.succeed(["columns", "old.csv", "--format", "csv"]).standardOutput)
        #expect(try Set(old.column("command")) == ["study"] && old.records.count == 27)
        let text = try folder.succeed(["columns", "log.csv"]).standardOutput
        #expect(text.contains("mine") && text.contains("Not a column that this program writes."))
        try folder.write("a,b\n1,2\n", to: "other.csv")
        try folder.expectRefusal(["columns", "other.csv"], status: 65, words: ["other.csv", "none of its columns"])
        try folder.expectRefusal(["columns", "none.csv"], status: 66, words: ["none.csv", "commands", "study"])
        try folder.expectRefusal(["columns", "bench", "codec"], status: 64, words: ["bench codec", "benchmark codec"])
    }
}
