import Foundation
import HDF5Store
import MatrixCore
import TestSupport
import Testing

/// The smaller commands: codebook, spectrum, orthogonality, inspect, devices, and what the program says of itself.
@Suite struct TableCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func codebook(_ name: String, bits: Int) throws -> [Float] {
        let run = try folder.succeed(["codebook", "--codebook", name, "--bits", "\(bits)"])
        return try StudyTable(run.standardOutput).column("value").map { try #require(Float($0)) }
    }

    /// Source: Wang et al. 2024, appendix C, for dynamic-tree; equation 3, ±n²/225, for linear-2.
    @Test func publishedCodebooks() throws {
        #expect(try codebook("dynamic-tree", bits: 3) == [-0.775, -0.325, -0.055, 0, 0.055, 0.325, 0.775, 1])
        #expect(
            try codebook("dynamic-tree", bits: 4) == [
                -0.8875, -0.6625, -0.4375, -0.2125, -0.0775, -0.0325, -0.0055, 0, 0.0055, 0.0325, 0.0775, 0.2125, 0.4375,
                0.6625, 0.8875, 1,
            ])
        let odd = Array(stride(from: 1, through: 15, by: 2))
        let squares = odd.map { Float(Double($0 * $0) / 225) }
        #expect(try codebook("linear-2", bits: 4) == squares.reversed().dropLast().map { -$0 } + [0] + squares)
        #expect(try codebook("linear", bits: 3) == [-7, -5, -3, 0, 1, 3, 5, 7].map { Float($0) / 7 })
        #expect(try codebook("fp4", bits: 4).filter { $0 != 0 }.count == 14)
    }

    @Test func curve() throws {
        try folder.succeed(["codebook", "--codebook", "linear-2", "--bits", "4", "--curve", "-o", "curve.csv"])
        let table = try StudyTable(folder.text("curve.csv"))
        let points = try zip(table.column("x"), table.column("value")).map {
            (try #require(Float($0)), try #require(Float($1)))
        }
        let values = try codebook("linear-2", bits: 4)
        #expect(points.count > 1000 && points.first?.0 == -1 && points.last?.0 == 1)
        for (x, value) in points {
            let nearest = values.map { ($0 - x).magnitude }.min() ?? .nan
            expectBound(Double((value - x).magnitude), atMost: Double(nearest) + 0x1p-24, "Q(\(x)) = \(value)")
        }
    }

    @Test func spectrumOfKnownMatrix() throws {
        try folder.write([("a", Matrix(diagonal: [1, 4, 2])), ("b", try geometricMatrix(order: 10))], to: "a.h5")
        try folder.succeed(["spectrum", "a.h5", "--statistic", "symmetric,eigenvector", "--bits", "8", "-o", "out.csv"])
        let rows = try StudyTable(folder.text("out.csv")).rows
        #expect(rows.count == 3 * (3 + 10))
        let exact = rows.filter { $0["matrix"] == "a" && $0["statistic"] == "exact" }
        #expect(exact.map { $0["index"] } == ["0", "1", "2"])
        // A diagonal matrix: LAPACK's eigenvalues are the entries to a few u.
        for (row, value) in zip(exact, [4.0, 2, 1]) {
            expectTestRatio((Double(row["singular_value"] ?? "") ?? .nan) - value, scale: 4, order: 3, "\(row)")
        }
        // Codes of 8 bits move an entry by at most half the widest gap of linear-2, (1 − (253/255)²)/2, of the largest;
        // singular values by the norm of all those moves (Weyl), n·max.
        let b = rows.filter { $0["matrix"] == "b" }
        let before = b.filter { $0["statistic"] == "exact" }.compactMap { Double($0["singular_value"] ?? "") }
        let after = b.filter { $0["statistic"] == "symmetric" }.compactMap { Double($0["singular_value"] ?? "") }
        #expect(before.count == 10 && after.count == 10)
        for (x, y) in zip(before, after) { expectBound((x - y).magnitude, atMost: 10 * 0.0079 * before[0], "\(x) \(y)") }
    }

    @Test func orthogonalityIsRestored() throws {
        try folder.write([("a", try geometricMatrix(order: 48))], to: "a.h5")
        try folder.succeed(["orthogonality", "a.h5", "--steps", "0:4", "--exponent", "1,0.25", "-o", "out.csv"])
        let rows = try StudyTable(folder.text("out.csv")).rows
        #expect(rows.count == 10)
        for exponent in ["1.0", "0.25"] {
            let of = rows.filter { $0["exponent"] == exponent }
            let defects = of.compactMap { Double($0["orthogonality_defect"] ?? "") }
            let errors = of.compactMap { Double($0["mean_error"] ?? "") }
            #expect(defects.count == 5 && errors.count == 5)
            // Björck's iteration squares the defect, up to a factor: five entries fall steeply.
            #expect(zip(defects, defects.dropFirst()).allSatisfy { $1 < $0 / 2 || $0 < 1e-12 }, "\(defects)")
            #expect(errors[4] < errors[0] / 100, "\(errors)")
        }
    }

    @Test func inspect() throws {
        try folder.createHDF5("a.h5") { writer in
            try writer.write(Matrix<Float>.identity(4), to: "layer,1/\"left\"")
            try writer.write(NumericArray(shape: [2, 3], values: [1.0, 2, 3, 4, 5, 6]), to: "wide", storage: .compressed)
            try writer.setAttribute("seed", to: .number(.nan))
            try writer.setAttribute("format", to: .string("fourthroot"))
        }
        let text = try folder.succeed(["inspect", "a.h5"]).standardOutput
        for word in ["layer,1/\"left\"", "float32", "4 × 4", "wide", "2 × 3", "deflate", "fourthroot"] {
            #expect(text.contains(word), "\(word) in \(text)")
        }
        let json = try folder.succeed(["inspect", "a.h5", "--json"]).standardOutput
        let report = try #require(JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        let datasets = try #require(report["datasets"] as? [[String: Any]])
        #expect(datasets.map { $0["name"] as? String } == ["layer,1/\"left\"", "wide"])
        #expect(datasets.map { $0["shape"] as? [Int] } == [[4, 4], [2, 3]])
        #expect(datasets.map { $0["is_matrix"] as? Bool } == [true, false])
    }

    @Test func devices() throws {
        #expect(try folder.succeed(["devices"]).standardOutput.hasPrefix("cpu: "))
    }

    @Test func version() throws {
        let text = try folder.succeed(["--version"]).standardOutput
        for word in ["fourthroot", "GSL", "HDF5", "OpenBLAS", "core"] { #expect(text.contains(word), "\(text)") }
    }

    @Test(arguments: [
        "study", "merge", "recode", "synthesize", "quantize", "inspect", "spectrum", "orthogonality", "codebook", "devices",
        "selftest",
        "plot",
        "benchmark",
    ]) func help(_ command: String) throws {
        #expect(try folder.succeed(["--help"]).standardOutput.contains("  \(command) "), "\(command) is not listed")
        let text = try folder.succeed([command, "--help"]).standardOutput
        #expect(text.contains("USAGE: fourthroot \(command)"))
    }

    @Test(arguments: ["bash", "zsh", "fish"]) func completions(_ shell: String) throws {
        let text = try folder.succeed(["--generate-completion-script", shell]).standardOutput
        #expect(text.contains("orthogonality") && text.contains("contraction"))
    }

    // MARK: What goes to the terminal

    @Test func quiet() throws {
        // A matrix without a Cholesky factor, whose rows come with notes.
        try folder.write([("a", Matrix(diagonal: [1, -1]))], to: "a.h5")
        let arguments = ["study", "a.h5", "--no-cache", "--statistic", "cholesky"]
        #expect(try folder.succeed(arguments).standardError.contains("leading minor"))
        #expect(try folder.succeed(arguments + ["--quiet"]).standardError == "")
        // Errors are no progress.
        #expect(try folder.run(["study", "no.h5", "--quiet"]).standardError != "")
    }

    /// On a terminal, errors are red unless NO_COLOR is set to something (no-color.org), and files never get colors.
    @Test(arguments: [nil, "", "1"] as [String?]) func colors(_ noColor: String?) throws {
        let program = try programPath()
        let variable = noColor.map { "NO_COLOR='\($0)'" } ?? "-u NO_COLOR"
        // The command of util-linux that runs another on a terminal of its own.
        let run = try folder.runOther(["script", "-qec", "env \(variable) '\(program)' study no.h5", "/dev/null"])
        if run.status == 127 { try Test.cancel("script, of util-linux, is not here") }
        #expect(run.status == 66)
        #expect(run.standardOutput.contains("no.h5"), "\(run)")
        #expect(run.standardOutput.contains("\u{1B}[") == (noColor != "1"), "\(run)")
        let toFile = try folder.run(["study", "no.h5"], environment: noColor.map { ["NO_COLOR": $0] } ?? [:])
        #expect(!toFile.standardError.contains("\u{1B}"))
    }
}
