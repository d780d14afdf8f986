import Foundation
import HDF5Store
import MatrixCore
import Testing

/// The CSV of `study` as the interface defines it.
@Suite struct StudyTableTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Section 4 of the interface, word for word.
    static let columns = """
        source,matrix,order,condition_number,contraction,statistic,root,codebook,bits,block,rectify,solver,damping,\
        exponent,statistic_bytes,root_bytes,bits_per_entry,nre,angle_degrees,nre_offdiagonal,angle_offdiagonal_degrees,\
        orthogonality_defect,minimum_eigenvalue,outcome,reference,reference_residual,seconds
        """

    private func study(_ options: [String]) throws -> StudyTable {
        try folder.succeed(["study", "a.h5", "--no-cache", "--force", "-o", "out.csv"] + options)
        let table = try StudyTable(folder.text("out.csv"))
        try #require(!table.records.isEmpty)
        return table
    }

    @Test func header() throws {
        try folder.writeSoundFile()
        _ = try study(["--statistic", "full"])
        let lines = try folder.text("out.csv").split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0] == StudyTableTests.columns || lines[0].hasPrefix(StudyTableTests.columns + ","))
        #expect(lines.count == 3 && lines[2] == "", "a header, a row, and a line feed at the end")
    }

    /// Every field that is a number is the shortest text that reads back as the same number.
    @Test func numbersRoundTrip() throws {
        try folder.writeSoundFile()
        let table = try study(["--contraction", "0,-3", "--damping", "0,1e-6,0.1"])
        let words: Set = [
            "source", "matrix", "statistic", "root", "codebook", "root_codebook", "solver", "outcome", "reference",
            "arithmetic", "decomposition", "reflector_loop", "parameter", "side",
        ]
        for row in table.rows {
            for (name, field) in row where !words.contains(name) && !field.isEmpty {
                let value = try #require(Double(field), "\(name) '\(field)'")
                #expect(value.isFinite, "\(name) '\(field)'")
                // Python's repr is shortest too and may write an exponent another way; digits decide.
                #expect("\(value)" == field || "\(Int(value))" == field, "\(name) '\(field)'")
            }
        }
    }

    @Test func fieldsThatDoNotApplyAreEmpty() throws {
        try folder.writeSoundFile()
        let table = try study([
            "--statistic", "exact,full,eigenvector,householder,cholesky", "--root", "exact,symmetric",
            "--solver", "eigen,factored", "--rectify", "0,2",
        ])
        for row in table.rows {
            let statistic = try #require(row["statistic"])
            let isExact = statistic == "exact" && row["root"] == "exact"
            #expect((row["rectify"] == "") == (statistic != "eigenvector"), "\(row)")
            #expect((row["solver"] == "") == isExact, "\(row)")
            #expect(statistic != "exact" || isExact || row["solver"] == "eigen", "\(row)")
            for name in ["codebook", "bits", "block"] { #expect((row[name] == "") == isExact, "\(row)") }
            #expect((row["orthogonality_defect"] == "") == !["eigenvector", "householder"].contains(statistic), "\(row)")
            #expect(row["contraction"] == "" && row["damping"] != "" && row["exponent"] == "0.25", "\(row)")
            #expect(row["outcome"] == "ok" || row["outcome"] == "indefinite", "\(row)")
            for name in ["nre", "angle_degrees", "nre_offdiagonal", "minimum_eigenvalue", "reference_residual"] {
                #expect(row[name] != "", "\(name) \(row)")
            }
        }
        // exact: 2 roots, full and cholesky: 2, householder: 2 × 2 solvers, eigenvector: 2 × 2 solvers × 2 steps.
        #expect(table.records.count == 2 + 2 * 2 + 4 + 8)
    }

    /// A distance where something is coded and the target is an exact power, a residual where eigenvectors come back.
    @Test func laterColumns() throws {
        try folder.write([("a", try geometricMatrix(order: 48))], to: "a.h5")
        let table = try study([
            "--statistic", "exact,full,eigenvector,householder,cholesky,inverse-root,deflated",
            "--root", "exact,symmetric,shared", "--bits", "8", "--nre", "0.02", "--contraction", "0,-2",
        ])
        #expect(
            Array(table.header.suffix(9)) == [
                "bits_to_bound", "offdiagonal_residual", "step", "parameter", "block_row", "block_column", "side",
                "statistic_bits_per_entry", "root_bits_per_entry",
            ])
        let keepVectors: Set = ["eigenvector", "householder", "inverse-root", "deflated"]
        for row in table.rows {
            let (statistic, root) = (try #require(row["statistic"]), try #require(row["root"]))
            #expect((row["bits_to_bound"] == "") == (statistic == "exact" && root == "exact"), "\(row)")
            #expect((row["offdiagonal_residual"] == "") == !keepVectors.contains(statistic), "\(row)")
            guard let distance = Double(row["bits_to_bound"] ?? "") else { continue }
            // Haar's basis has nothing that a code could save, and no code takes more than it has bits.
            var bytes: Double = 0
            if statistic != "exact" { bytes += Double(row["statistic_bytes"] ?? "") ?? 0 }
            if root != "exact" { bytes += Double(row["root_bytes"] ?? "") ?? 0 }
            let bitsPerEntry: Double = 8 * bytes / (48 * 48)
            #expect(distance > 0 && distance <= bitsPerEntry, "\(row)")
        }
        let iterated = try study(["--statistic", "symmetric", "--reference", "schur-newton"])
        #expect(try iterated.column("bits_to_bound") == [""])
    }

    /// What a dump's path says, in columns of its own; a parameter's name may have slashes. Names of another form say nothing.
    @Test func columnsThatGroup() throws {
        let places: [(name: String, fields: [String])] = [
            ("steps/00000300/blocks.0.query/0_1/left/statistic", ["300", "blocks.0.query", "0", "1", "left"]),
            ("steps/123456789/layer/0/weight/10_2/right/statistic", ["123456789", "layer/0/weight", "10", "2", "right"]),
            ("steps/00000300/conv.weight/0_0/mode_2/statistic", ["300", "conv.weight", "0", "0", "mode_2"]),
            ("steps/00000300/w/0_0/mode_/statistic", ["", "", "", "", ""]),
            ("steps/00000300/w/0_0/above/statistic", ["", "", "", "", ""]),
            ("steps/300/w/0_0/left/statistic", ["", "", "", "", ""]),
            ("steps/00000300/0_0/left/statistic", ["", "", "", "", ""]),
            ("w", ["", "", "", "", ""]),
        ]
        try folder.write(places.map { ($0.name, try geometricMatrix(order: 8)) }, to: "a.h5")
        let table = try study(["--statistic", "symmetric", "--root", "full", "--bits", "4", "--block", "64"])
        #expect(table.records.count == places.count)
        let grouping = ["step", "parameter", "block_row", "block_column", "side"]
        for row in table.rows {
            let expected = places.first { $0.name == row["matrix"] }
            #expect(grouping.map { row[$0] ?? "none" } == expected?.fields, "\(row)")
            // 28 codes, 7 rows with a maximum and 8 diagonal entries in float32; 64 codes and 8 maxima.
            #expect(row["statistic_bits_per_entry"] == "\(8 * Double(28 / 2 + 4 * (7 + 8)) / 64)", "\(row)")
            #expect(row["root_bits_per_entry"] == "\(8 * Double(64 / 2 + 4 * 8) / 64)", "\(row)")
        }
    }

    /// No text of the program's table says nan, in whatever case, even where matrices give no numbers.
    @Test func noNaN() throws {
        try folder.write([("zero", Matrix(rows: 5, columns: 5)), ("one", Matrix(diagonal: [0]))], to: "a.h5")
        _ = try study(["--statistic", "exact,full,eigenvector,householder,cholesky", "--root", "exact,full"])
        #expect(try !folder.text("out.csv").lowercased().contains("nan"))
    }

    @Test func namesAreQuoted() throws {
        let names = ["a,b", "say \"so\"", "two\nlines", "größe/π ≤ 4/矩阵", " spaces ", "a*b", "tab\tbed", "\"", "new\r\nline"]
        try folder.write(names.map { ($0, Matrix.identity(3)) }, to: "a.h5")
        let table = try study(["--statistic", "full"])
        // HDF5 lists links by the bytes of their names, group by group.
        #expect(try Set(table.column("matrix")) == Set(names))
        #expect(table.records.count == names.count)
        for name in names {
            let one = try study(["--statistic", "full", "--matrix", name])
            #expect(try one.column("matrix").contains(name), "\(name)")
        }
        try folder.succeed(["study", "a.h5", "--no-cache", "--statistic", "full", "--matrix", "/a,b"])
    }

    /// Python's reader agrees with ours about the quoting.
    @Test func pythonReadsNames() throws {
        let names = ["a,b", "say \"so\"", "two\nlines", "größe/π"]
        try folder.write(names.map { ($0, Matrix.identity(2)) }, to: "a.h5")
        _ = try study(["--statistic", "full"])
        let script = """
            import csv, json
            rows = list(csv.DictReader(open("out.csv", newline="", encoding="utf-8")))
            print(json.dumps(sorted(row["matrix"] for row in rows)))
            """
        let run = try folder.runOther(["python3", "-c", script])
        guard run.status == 0 else { try Test.cancel("python3 is not here: \(run.standardError)") }
        let read = try JSONDecoder().decode([String].self, from: Data(run.standardOutput.utf8))
        #expect(
            read
                == names.sorted {
                    Array($0.unicodeScalars.map(\.value)).lexicographicallyPrecedes($1.unicodeScalars.map(\.value))
                })
    }

    @Test(arguments: [
        ("*", ["a", "layer/0/left/statistic", "layer/1/left/statistic", "layer/1/right/statistic"]),
        ("layer/*/statistic", ["layer/0/left/statistic", "layer/1/left/statistic", "layer/1/right/statistic"]),
        ("/layer/1*", ["layer/1/left/statistic", "layer/1/right/statistic"]),
        ("*left*", ["layer/0/left/statistic", "layer/1/left/statistic"]), ("a", ["a"]),
        ("layer/?/right/*", ["layer/1/right/statistic"]),
    ]) func glob(_ pattern: String, _ expected: [String]) throws {
        let names = ["layer/1/right/statistic", "a", "layer/0/left/statistic", "layer/1/left/statistic"]
        try folder.createHDF5("a.h5") { writer in
            for name in names { try writer.write(Matrix<Double>.identity(2), to: name) }
            // A glob chooses among matrices, and these are none.
            try writer.write(NumericArray(shape: [2], values: [1.0, 2]), to: "layer/1/left/eigenvalues")
            try writer.write(NumericArray(shape: [2, 2], values: [1, 0, 0, 1] as [UInt8]), to: "layer/1/left/mask")
        }
        let table = try study(["--statistic", "full", "--matrix", pattern])
        #expect(try table.column("matrix") == expected)
    }

    @Test func rowsComeInOrder() throws {
        let names = ["b", "a/2", "a/10", "c"]
        try folder.write(names.map { ($0, try geometricMatrix(order: 16)) }, to: "a.h5")
        let table = try study([
            "--statistic", "symmetric,full", "--root", "full,exact", "--bits", "8,4", "--damping", "1e-3,0",
            "--contraction", "0,-1",
        ])
        let cases = 2 * 2 * 2 * 2 * 2
        #expect(table.records.count == names.count * cases)
        let matrices = try table.column("matrix")
        // Each matrix in one piece, and the cases of each in the same order: the one in which the axes were given.
        #expect(Array(stride(from: 0, to: matrices.count, by: cases).map { matrices[$0] }) == ["a/10", "a/2", "b", "c"])
        let keys = ["contraction", "damping", "statistic", "bits", "root"]
        var expected: [[String]] = []
        for contraction in ["0.0", "-1.0"] {
            for damping in ["0.001", "0.0"] {
                for statistic in ["symmetric", "full"] {
                    for bits in ["8", "4"] {
                        for root in ["full", "exact"] { expected.append([contraction, damping, statistic, bits, root]) }
                    }
                }
            }
        }
        let found = table.rows.map { row in keys.map { row[$0] ?? "" } }
        for start in stride(from: 0, to: found.count, by: cases) {
            #expect(Array(found[start..<start + cases]) == expected)
        }
    }

    @Test(arguments: ["gsl", "lapack"]) func threadsAndOutputsAgree(_ reference: String) throws {
        try folder.write([("a", try geometricMatrix(order: 33)), ("b", try geometricMatrix(order: 20))], to: "a.h5")
        let toFile = try study(["--threads", "1", "--reference", reference])
        let run = try folder.succeed(["study", "a.h5", "--no-cache", "--threads", "3", "--reference", reference])
        #expect(try StudyTable(run.standardOutput).withoutSeconds == toFile.withoutSeconds)
        #expect(try Set(toFile.column("reference")) == [reference])
    }

    /// A kept decomposition gives the bytes that the computed one gives.
    @Test func cacheChangesNothing() throws {
        try folder.writeSoundFile()
        let without = try study([])
        let (first, second) = (
            try folder.succeed(["study", "a.h5", "--cache", "kept"]), try folder.succeed(["study", "a.h5", "--cache", "kept"])
        )
        #expect(try folder.contains("kept") && !FileManager.default.contentsOfDirectory(atPath: folder.path("kept")).isEmpty)
        for run in [first, second] { #expect(try StudyTable(run.standardOutput).withoutSeconds == without.withoutSeconds) }
    }
}
