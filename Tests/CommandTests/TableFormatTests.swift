import Foundation
import HDF5Store
import MatrixCore
import Testing

/// The forms of a table say the same.
@Suite struct TableFormatTests {
    private let folder: TemporaryFolder
    private static let names = ["a,b", "say \"so\"", "two\nlines", "tab\tbed", "12", "größe/π", "x\u{1B}[31m"]

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(TableFormatTests.names.map { ($0, try geometricMatrix(order: 8)) }, to: "a.h5")
    }

    private static let study = ["study", "a.h5", "--no-cache", "--statistic", "symmetric,exact", "--quiet"]

    /// The fields that each form gives, in the order of CSV: nil for an empty one.
    private func csv() throws -> (columns: [String], rows: [[String?]]) {
        let table = try StudyTable(folder.succeed(TableFormatTests.study).standardOutput).withoutSeconds
        return (table.header, table.records.map { $0.map { $0.isEmpty ? nil : $0 } })
    }

    /// The columns of out.jsonl, then its rows, with numbers as they are written.
    private func fieldsOfLines(checking check: String = "") throws -> [[String?]] {
        try python(
            """
            import json
            rows = [json.loads(line, parse_float=str, parse_int=str, object_pairs_hook=list) for line in open("out.jsonl", encoding="utf-8")]
            \(check)
            print(json.dumps([[name for name, _ in rows[0]]] + [[value for _, value in row] for row in rows]))
            """)
    }

    private func withoutSeconds(_ rows: [[String?]], _ columns: [String]) -> [[String?]] {
        rows.map { zip(columns, $0).map { $0 == "seconds" ? nil : $1 } }
    }

    @Test func tabs() throws {
        let run = try folder.succeed(TableFormatTests.study + ["--format", "tsv"])
        let script = """
            import csv, json, sys
            print(json.dumps(list(csv.reader(open("out.tsv", newline="", encoding="utf-8"), delimiter="\\t"))))
            """
        try folder.write(run.standardOutput, to: "out.tsv")
        let rows = try python(script)
        let expected = try csv()
        #expect(rows[0] == expected.columns)
        #expect(withoutSeconds(rows.dropFirst().map { $0.map { $0 == "" ? nil : $0 } }, expected.columns) == expected.rows)
    }

    /// Numbers are numbers, names are text whatever they look like, an empty field is null, and members keep the order of columns.
    @Test func linesOfJSON() throws {
        try folder.succeed(TableFormatTests.study + ["-o", "out.jsonl"])
        let rows = try fieldsOfLines(
            checking: """
                typed = [json.loads(line) for line in open("out.jsonl", encoding="utf-8")]
                assert all(type(row["order"]) is int and type(row["nre"]) is float and type(row["matrix"]) is str for row in typed)
                """)
        let expected = try csv()
        #expect(rows[0] == expected.columns)
        #expect(withoutSeconds(Array(rows.dropFirst()), expected.columns) == expected.rows)
        #expect(try !folder.text("out.jsonl").contains("\u{1B}"))
    }

    /// The ending decides in every command that makes a table, not in those of studies alone.
    @Test(arguments: [
        ["codebook", "--codebook", "linear-2", "--bits", "3"],
        ["codebook", "--codebook", "linear-2", "--bits", "3", "--curve"],
        [
            "memory", "--model", "resnet34", "--optimizer", "sgdm", "--statistic", "eigenvector", "--root", "offdiagonal",
            "--per-layer",
        ],
        ["spectrum", "a.h5"],
    ]) func formOfEveryTable(_ arguments: [String]) throws {
        let table = try StudyTable(folder.succeed(arguments).standardOutput)
        try folder.succeed(arguments + ["-o", "out.jsonl"])
        let rows = try fieldsOfLines()
        #expect(rows[0] == table.header)
        #expect(Array(rows.dropFirst()) == table.records.map { $0.map { $0.isEmpty ? nil : $0 } })
    }

    @Test(arguments: [
        ["codec", "--order", "64"],
        [
            "train", "--model", "mlp", "--layers", "1", "--hidden", "4", "--dataset", "synthetic", "--optimizer", "sgdm",
            "--steps", "1",
        ],
    ]) func formOfTimes(_ arguments: [String]) throws {
        try folder.succeed(["benchmark"] + arguments + ["-o", "out.tsv"])
        let header = try #require(folder.text("out.tsv").split(separator: "\n").first)
        #expect(header.split(separator: "\t").count > 4)
    }

    @Test func oneJSONTextHasNoForm() throws {
        let memory = ["memory", "--model", "resnet34", "--optimizer", "sgdm", "--json"]
        try folder.expectRefusal(memory + ["--format", "tsv"], status: 64, words: ["--format", "--json"])
    }

    /// An infinite number is text, for JSON has none.
    @Test func infinity() throws {
        try folder.write([("a", Matrix(diagonal: [1, 0]))], to: "b.h5")
        let run = try folder.run(["study", "b.h5", "--no-cache", "--statistic", "full", "--format", "jsonl"])
        let row = try JSONSerialization.jsonObject(with: Data(run.standardOutput.utf8)) as? [String: Any]
        #expect(row?["condition_number"] as? String == "inf", "\(run.standardOutput)")
    }

    @Test func parquet() throws {
        try requireArrow()
        try folder.succeed(TableFormatTests.study + ["-o", "out.parquet"])
        let script = """
            import json, pyarrow.parquet
            table = pyarrow.parquet.read_table("out.parquet")
            types = {name: str(type) for name, type in zip(table.schema.names, table.schema.types)}
            assert (types["order"], types["nre"], types["matrix"], types["contraction"]) == ("int64", "double", "string", "double"), types
            # Python's repr is shortest, and may write an exponent another way than the program does.
            text = lambda value: None if value is None else value if isinstance(value, str) else repr(value)
            print(json.dumps([table.schema.names] + [[text(value) for value in row.values()] for row in table.to_pylist()]))
            """
        let rows = try python(script)
        let expected = try csv()
        #expect(rows[0] == expected.columns)
        let numbers = { (row: [String?]) in row.map { field in field.map { Double($0).map { "\($0)" } ?? $0 } } }
        #expect(
            withoutSeconds(Array(rows.dropFirst()), expected.columns).map(numbers) == expected.rows.map(numbers))
        // Nothing is computed for a terminal that could not show it, and a pipe gets the file's bytes.
        let run = try folder.runOther(
            ["sh", "-c", "\"$0\" study a.h5 --no-cache --statistic full --quiet --format parquet | head -c 4", programPath()])
        #expect(run.standardOutput == "PAR1")
    }

    /// Said before anything is computed, with the remedy.
    @Test(arguments: ["/none/python3", "/bin/false"]) func parquetWithoutArrow(_ python: String) throws {
        for command in [
            TableFormatTests.study, ["recode", "a.h5", "--updates", "1"], ["spectrum", "a.h5"],
            ["orthogonality", "a.h5", "--steps", "1"], ["theory", "a.h5"],
        ] {
            let run = try folder.run(command + ["-o", "out.parquet"], environment: ["FOURTHROOT_PYTHON": python])
            #expect(run.status == 69 && run.standardError.contains("Parquet cannot be written"), "\(command): \(run)")
            if python != "/bin/false" { #expect(run.standardError.contains("pip install pyarrow"), "\(run)") }
        }
        #expect(try folder.names == ["a.h5"])
    }

    /// The rows of an interrupted study are the same whatever the form they end in.
    @Test func resumes() throws {
        try folder.succeed(TableFormatTests.study + ["-o", "whole.jsonl"])
        let whole = try folder.text("whole.jsonl").split(separator: "\n")
        // Killed as early as it may be; it may also have come to its end.
        let interrupted = try folder.start(
            ["study", "a.h5", "--no-cache", "--statistic", "symmetric,exact", "--threads", "1", "-o", "out.jsonl"])
        let end = ContinuousClock.now + .seconds(30)
        while !folder.contains("out.jsonl.partial"), !interrupted.hasEnded, ContinuousClock.now < end { usleep(200) }
        interrupted.send(SIGKILL)
        _ = try interrupted.wait(timeout: 30)
        if folder.contains("out.jsonl.partial") {
            try folder.succeed(TableFormatTests.study + ["--resume", "-o", "out.jsonl"])
        }
        let lines = try folder.text("out.jsonl").split(separator: "\n")
        func withoutTime(_ lines: [Substring]) -> [String] { lines.map { String($0.replacing(/"seconds": [^,]*,/, with: "")) } }
        #expect(withoutTime(lines) == withoutTime(whole))
        #expect(!folder.contains("out.jsonl.partial"))
    }

    @Test func mergesIntoEveryForm() throws {
        for part in 1...2 {
            try folder.succeed(TableFormatTests.study + ["--shard", "\(part)/2", "-o", "s\(part).csv"])
        }
        try folder.succeed(["merge", "s1.csv", "s2.csv", "-o", "merged.jsonl"])
        let lines = try folder.text("merged.jsonl").split(separator: "\n")
        let expected = try csv()
        #expect(lines.count == expected.rows.count)
        let first = try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any]
        #expect(first?["order"] as? Int == 8 && first?["contraction"] is NSNull && first?["shard"] == nil)
        for form in ["tsv", "jsonl", "parquet"] {
            try folder.expectRefusal(
                TableFormatTests.study + ["--shard", "1/2", "-o", "out.\(form)"], status: 64, words: [form, "merge"])
        }
    }

    /// "-" is standard output of every command that writes text, and standard input of those that read CSV.
    @Test func dashes() throws {
        for command in [
            TableFormatTests.study, ["spectrum", "a.h5"], ["orthogonality", "a.h5", "--steps", "1"],
            ["theory", "a.h5", "--statement", "lemma-2"], ["codebook", "--codebook", "linear", "--bits", "4"],
            ["memory", "--model", "resnet20", "--optimizer", "sgdm"], ["recode", "a.h5", "--updates", "1"],
        ] {
            let run = try folder.succeed(command + ["-o", "-"])
            #expect(run.standardOutput.contains(",") && run.standardOutput.split(separator: "\n").count > 1, "\(command)")
        }
        #expect(try folder.names == ["a.h5"])
        try folder.succeed(TableFormatTests.study + ["-o", "out.csv"])
        let script = "\"$0\" columns - < out.csv && cat out.csv | \"$0\" plot - -o out.svg"
        let run = try folder.runOther(["sh", "-c", script, programPath()])
        #expect(run.standardOutput.contains("bits_per_entry"))
        if run.standardError.contains("gnuplot is not installed") { try Test.cancel("gnuplot is not here") }
        #expect(run.status == 0 && folder.contains("out.svg"), "\(run)")
        let empty = try folder.runOther(["sh", "-c", "printf '' | \"$0\" plot - -o b.svg", programPath()])
        #expect(empty.status == 65 && empty.standardError.contains("standard input: it is empty"), "\(empty)")
    }

    private func requireArrow() throws {
        let run = try folder.runOther(["python3", "-c", "import pyarrow.parquet"])
        guard run.status == 0 else { try Test.cancel("pyarrow is not here: \(run.standardError.suffix(80))") }
    }

    private func python(_ script: String) throws -> [[String?]] {
        let run = try folder.runOther(["python3", "-c", script])
        guard run.status == 0 || !run.standardError.contains("No such file") else { try Test.cancel("python3 is not here") }
        try #require(run.status == 0, "\(run.standardError)")
        return try JSONDecoder().decode([[String?]].self, from: Data(run.standardOutput.utf8))
    }
}
