import Foundation
import HDF5Store
import MatrixCore
import TestSupport
import Testing

/// Matrices made by `synthesize`.
@Suite struct SynthesizeTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func read(_ name: String) throws -> Matrix<Double> {
        try HDF5File.open(folder.path(name)).readRowsAsColumns("matrix").transposed
    }

    private func conditionNumber(_ name: String) throws -> Double {
        let run = try folder.succeed(["study", name, "--no-cache", "--statistic", "exact"])
        let row = try #require(StudyTable(run.standardOutput).rows.first)
        return try #require(Double(row["condition_number"] ?? ""))
    }

    static let spectra: [(spectrum: String, options: [String], condition: Double)] = [
        ("geometric", ["--condition", "1e5"], 1e5), ("arithmetic", ["--condition", "1e5"], 1e5),
        ("clustered", ["--condition", "1e5"], 1e5), ("one-large", ["--condition", "1e5"], 1e5),
        ("one-small", ["--condition", "1e5"], 1e5), ("log-uniform", ["--condition", "1e5"], 1e5),
        ("power-law", ["--condition", "1e5"], 1e5), ("exponential", ["--condition", "1e5"], 1e5),
        // n^a where the law says nothing else; the ratio of the two levels.
        ("power-law", ["--decay", "2"], 40 * 40), ("two-level", ["--ratio", "300", "--fraction", "0.8"], 300),
        ("geometric", ["--condition", "1"], 1), ("geometric", ["--condition", "1e3", "--largest", "1e-20", "--reversed"], 1e3),
    ]

    /// The condition number that was asked is the one that the reference measures.
    @Test(arguments: spectra, ["float64", "float32"]) func conditionNumber(
        _ spectrum: (spectrum: String, options: [String], condition: Double), _ precision: String
    ) throws {
        try folder.succeed(
            [
                "synthesize", "--order", "40", "--spectrum", spectrum.spectrum, "--seed", "7", "--precision", precision, "-o",
                "a.h5",
            ]
                + spectrum.options)
        // Eigenvalues move by ‖E‖: rounding to the precision, n·u·λmax, and the measurement's own; twice for the quotient.
        let unit = precision == "float32" ? 0x1p-24 : 0x1p-53
        let bound = 2 * 40 * (unit + 30 * 0x1p-53) * spectrum.condition
        expectBound((try conditionNumber("a.h5") / spectrum.condition - 1).magnitude, atMost: bound, "\(spectrum)")
        let dataset = try #require(HDF5File.open(folder.path("a.h5")).datasets().first { $0.name == "matrix" })
        #expect("\(dataset.elementType)" == precision && dataset.shape == [40, 40])
        let matrix = try read("a.h5")
        #expect(matrix == matrix.transposed)
    }

    @Test func seeds() throws {
        for (name, seed) in [("a.h5", "3"), ("b.h5", "3"), ("c.h5", "4")] {
            try folder.succeed([
                "synthesize", "--order", "20", "--spectrum", "log-uniform", "--condition", "100", "--seed", seed, "-o", name,
            ])
        }
        #expect(try read("a.h5") == read("b.h5"))
        #expect(try read("a.h5") != read("c.h5"))
    }

    @Test func attributes() throws {
        try folder.succeed([
            "synthesize", "--order", "5", "--spectrum", "geometric", "--seed", "18446744073709551615", "-o", "a.h5",
        ])
        let attributes = try HDF5File.open(folder.path("a.h5")).attributes()
        #expect(attributes["format"] == .string("fourthroot") && attributes["format_version"] == .integer(1))
        #expect(attributes["producer"]?.string?.hasPrefix("fourthroot") == true)
        #expect(attributes["seed"]?.string == "18446744073709551615" || attributes["seed"]?.integer != nil)
        let created = try #require(attributes["created"]?.string)
        let date = try #require(ISO8601DateFormatter().date(from: created), "\(created)")
        #expect(abs(date.timeIntervalSinceNow) < 600)
        let configuration = try #require(attributes["configuration"]?.string)
        #expect(try JSONSerialization.jsonObject(with: Data(configuration.utf8)) is [String: Any])
    }

    @Test func likeAnotherMatrix() throws {
        let original = try geometricMatrix(order: 24, condition: 200)
        try folder.write([("layer/left", original), ("other", .identity(3))], to: "a.h5")
        try folder.expectRefusal(
            ["synthesize", "--spectrum", "like", "--like", "a.h5", "-o", "b.h5"], status: 64, words: ["2 matrices", "--matrix"])
        try folder.succeed([
            "synthesize", "--spectrum", "like", "--like", "a.h5", "--matrix", "layer/left", "--seed", "5", "-o", "b.h5",
        ])
        let copy = try read("b.h5")
        #expect(copy.order == 24 && copy != original)
        // Similar matrices have one trace and one Frobenius norm: sums of λ and of λ².
        let trace = { (matrix: Matrix<Double>) in matrix.diagonal.reduce(0, +) }
        expectTestRatio((trace(copy) - trace(original)).magnitude, scale: trace(original), order: 24, "trace")
        expectTestRatio(
            (copy.frobeniusNorm - original.frobeniusNorm).magnitude, scale: original.frobeniusNorm, order: 24, "norm")
        try folder.write([("zero", Matrix(rows: 3, columns: 3))], to: "zero.h5")
        try folder.expectRefusal(
            ["synthesize", "--spectrum", "like", "--like", "zero.h5", "-o", "c.h5"], status: 65,
            words: ["zero.h5", "eigenvalue"])
    }

    @Test(arguments: [
        "3\n2\n1\n", "eigenvalue\n3\n2\n1", "value,index\r\n3,0\r\n2,1\r\n1,2\r\n", "3.0\n\n2e0\n 1 \n", "\u{FEFF}3\n2\n1\n",
        "λ\n3\n2\n1\n",
    ])
    func eigenvaluesOfFile(_ text: String) throws {
        try folder.write(text, to: "values.csv")
        try folder.succeed(["synthesize", "--spectrum", "file", "--eigenvalues", "values.csv", "-o", "a.h5"])
        let matrix = try read("a.h5")
        #expect(matrix.order == 3)
        expectTestRatio((matrix.diagonal.reduce(0, +) - 6).magnitude, scale: 6, order: 3, "trace 6")
        expectTestRatio((matrix.frobeniusNorm - 14.0.squareRoot()).magnitude, scale: 4, order: 3, "norm √14")
    }

    static let wrongFiles: [(text: String, word: String)] = [
        ("", "no eigenvalues"), ("header\n", "no eigenvalues"), ("header\n1\ntwo\n3\n", "line 3"), ("1\n2\nx", "line 3"),
        ("1\n-2\n3\n", "-2"), ("1\n0\n", "0.0"), ("1\nnan\n", "nan"), ("1\ninf\n", "inf"), ("\"1\n2", "record"),
        ("a\nb\n1\n", "line 2"), ("nan\n1\n", "nan"),
        // A first line that means to be a number is no header.
        ("1.5D1\n2\n3\n", "line 1"), ("-1.5D1\n2\n", "line 1"), (".5d0\n2\n", "line 1"), ("1.000.000\n2\n", "line 1"),
        ("1 2\n3\n", "line 1"), ("1e400x\n", "line 1"), ("3\n\n\n1.5D1\n", "line 4"),
        // A decimal comma is not the end of a column.
        ("1,5\n2,5\n", "line 1"), ("eigenvalue\n1,5\n2,5\n", "line 2"), ("value,index\n3,0\n2\n", "line 3"),
        ("\"1,5\"\n", "line 1"), ("1;5\n", "line 1"),
    ]

    @Test(arguments: wrongFiles) func wrongEigenvalues(_ text: String, _ word: String) throws {
        try folder.write(text, to: "values.csv")
        try folder.expectRefusal(
            ["synthesize", "--spectrum", "file", "--eigenvalues", "values.csv", "-o", "a.h5"], status: 65,
            words: ["values.csv", word])
    }

    static let wrongOptions: [[String]] = [
        ["--order", "5", "--spectrum", "cubic"], ["--order", "0", "--spectrum", "geometric"],
        ["--order=-3", "--spectrum", "geometric"], ["--spectrum", "geometric"],
        ["--order", "40000", "--spectrum", "geometric"],
        ["--order", "5", "--spectrum", "geometric", "--condition", "0.5"],
        ["--order", "5", "--spectrum", "geometric", "--condition", "nan"],
        ["--order", "5", "--spectrum", "geometric", "--condition", "inf"],
        ["--order", "5", "--spectrum", "geometric", "--seed=-1"],
        ["--order", "5", "--spectrum", "geometric", "--largest", "0"],
        ["--order", "5", "--spectrum", "geometric", "--precision", "float16"],
        ["--order", "5", "--spectrum", "geometric", "--precision", "float32", "--largest", "1e300"],
        ["--order", "5", "--spectrum", "geometric", "--precision", "float32", "--largest", "1e-40"],
        ["--order", "5", "--spectrum", "two-level", "--fraction", "1.5"], ["--spectrum", "file"], ["--spectrum", "like"],
        ["--order", "5", "--spectrum", "power-law", "--decay", "0"],
        ["--order", "5", "--spectrum", "geometric", "--ratio", "5"],
        ["--order", "5", "--spectrum", "geometric", "--fraction", "0.5"],
        ["--order", "5", "--spectrum", "arithmetic", "--decay", "2"],
        ["--order", "5", "--spectrum", "power-law", "--rate", "2"],
        ["--order", "5", "--spectrum", "geometric", "--eigenvalues", "a.csv"],
        ["--order", "5", "--spectrum", "geometric", "--like", "b.h5"],
        ["--order", "5", "--spectrum", "two-level", "--ratio", "5", "--condition", "6"],
        ["--spectrum", "file", "--eigenvalues", "a.csv", "--condition", "6"],
    ]

    @Test(arguments: wrongOptions) func wrongOption(_ options: [String]) throws {
        try folder.expectRefusal(["synthesize"] + options + ["-o", "a.h5"], status: 64, words: [])
    }

    /// 800 eigenvalues of 1 and 400 of 1/1000 for every 1200, as the published tables have them.
    @Test func twoLevelsAreCounted() throws {
        try folder.succeed([
            "synthesize", "--order", "120", "--spectrum", "two-level", "--ratio", "1000", "--fraction", "0.6667", "-o", "a.h5",
        ])
        let values: NumericArray<Double> = try HDF5File.open(folder.path("a.h5")).readArray("eigenvalues")
        #expect(values.values == (0..<120).map { $0 < 80 ? 1 : 0.001 })
    }

    /// The factors are those of the matrix, whatever its precision, and the matrix does not depend on them.
    @Test(arguments: ["float64", "float32"]) func keptFactors(_ precision: String) throws {
        let options = ["synthesize", "--order", "30", "--spectrum", "two-level", "--seed", "4", "--precision", precision]
        try folder.succeed(options + ["-o", "plain.h5"])
        try folder.succeed(options + ["--keep-factors", "-o", "a.h5"])
        #expect(try read("a.h5") == read("plain.h5"))
        #expect(try !HDF5File.open(folder.path("plain.h5")).datasets().contains { $0.name == "eigenvectors" })
        let file = try HDF5File.open(folder.path("a.h5"))
        let vectors = try file.readRowsAsColumns("eigenvectors").transposed
        let values: NumericArray<Double> = try file.readArray("eigenvalues")
        let matrix = try read("a.h5")
        let unit = precision == "float32" ? 0x1p-24 : 0x1p-53
        for column in 0..<30 {
            let entries = vectors.column(column)
            let largest = try #require(entries.max { $0.magnitude < $1.magnitude })
            #expect(largest > 0, "column \(column)")
            for row in 0..<30 {
                let image = (0..<30).reduce(0) { $0 + matrix[row, $1] * vectors[$1, column] }
                expectBound(
                    (image - values.values[column] * vectors[row, column]).magnitude, atMost: 30 * 30 * unit,
                    "A·q = λ·q at (\(row), \(column))")
            }
        }
    }

    @Test func missingFiles() throws {
        try folder.expectRefusal(
            ["synthesize", "--spectrum", "file", "--eigenvalues", "no.csv", "-o", "a.h5"], status: 66, words: ["no.csv"])
        try folder.writeSoundFile()
        try folder.expectRefusal(
            ["synthesize", "--spectrum", "like", "--like", "a.h5", "--matrix", "no", "-o", "b.h5"], status: 66, words: ["no"])
    }

    @Test func h5pyReads() throws {
        try folder.succeed(["synthesize", "--order", "12", "--spectrum", "geometric", "--precision", "float32", "-o", "a.h5"])
        let script = """
            import h5py, json
            f = h5py.File("a.h5")
            m = f["matrix"]
            print(json.dumps([str(m.dtype), list(m.shape), bool((m[()] == m[()].T).all()), float(m[()].sum()), f.attrs["format"]]))
            """
        let run = try folder.runOther(["python3", "-c", script])
        guard run.status == 0 else { try Test.cancel("python3 with h5py is not here") }
        let sum = try read("a.h5").elements.reduce(0, +)
        let found = try #require(JSONSerialization.jsonObject(with: Data(run.standardOutput.utf8)) as? [Any])
        #expect(found[0] as? String == "float32" && found[1] as? [Int] == [12, 12] && found[2] as? Bool == true)
        // NumPy adds 144 float32 entries in float32.
        expectBound(((found[3] as? Double ?? .nan) - sum).magnitude, atMost: 144 * 0x1p-24 * 144, "sum")
        #expect(found[4] as? String == "fourthroot")
    }
}
