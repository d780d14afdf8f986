import Foundation
import HDF5Store
import MatrixCore
import Testing

/// Which data sets `--matrix` takes, what is left out with a word, and names that are not as simple as they look.
@Suite struct SelectionTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let cheap = ["--no-cache", "--statistic", "full"]

    /// The matrices of a study's rows.
    private func studied(_ options: [String]) throws -> [String] {
        let run = try folder.succeed(["study", "a.h5"] + options + SelectionTests.cheap)
        return try StudyTable(run.standardOutput).column("matrix")
    }

    private func writeMatrices(_ names: [String]) throws {
        try folder.write(names.map { ($0, try geometricMatrix(order: 5)) }, to: "a.h5")
    }

    /// é as one and as two code points are two names, and equal for `String`; both come back as they were written.
    @Test func canonicallyEqualNames() throws {
        let (composed, decomposed) = ("\u{E9}", "e\u{301}")
        try folder.write([(composed, Matrix(diagonal: [1, 2])), (decomposed, Matrix(diagonal: [3, 4, 5]))], to: "a.h5")
        for (name, order) in [(composed, "2"), (decomposed, "3")] {
            let run = try folder.succeed(["study", "a.h5", "--matrix", name] + SelectionTests.cheap)
            let row = try #require(StudyTable(run.standardOutput).rows.first)
            #expect(row["matrix"].map { Array($0.utf8) } == Array(name.utf8) && row["order"] == order)
        }
        #expect(try studied([]).map { Array($0.utf8) } == [Array(decomposed.utf8), Array(composed.utf8)])
        try folder.succeed(["study", "a.h5", "--preset", "pareto", "--no-cache", "-o", "p.csv"])
        try folder.succeed(["plot", "p.csv", "-o", "p.svg"])
    }

    /// A name that is also a pattern means the set of that name, where there is one.
    @Test func namesWithWildcards() throws {
        try writeMatrices(["a*", "ab", "w?", "w1"])
        #expect(try studied(["--matrix", "a*"]) == ["a*"])
        #expect(try studied(["--matrix", "w?"]) == ["w?"])
        #expect(try studied(["--matrix", "?b", "--matrix", "/w1"]) == ["ab", "w1"])
    }

    /// A name that would color the terminal, set its title and begin a new line: shown by numbers to people, kept in CSV.
    @Test func namesThatCommandTheTerminal() throws {
        let name = "x\u{1B}[31m\u{1B}]0;title\u{7}\n\u{202E}y"
        try folder.createHDF5("a.h5") { writer in
            try writer.write(Matrix(diagonal: [1, Double.nan]), to: name)
            try writer.write(Matrix(diagonal: [1.0, 2]), to: "sound\u{1B}[0m")
            try writer.setAttribute("t\u{1B}[1m", to: .string("v\u{1B}[2m"))
        }
        let hidden: (Unicode.Scalar) -> Bool = {
            $0 != "\n" && ($0.value < 32 || (0x7F...0x9F).contains($0.value) || $0 == "\u{202E}")
        }
        for command in [["study", "a.h5"] + SelectionTests.cheap, ["inspect", "a.h5"], ["inspect", "a.h5", "--json"]] {
            let run = try folder.run(command)
            #expect(!run.standardError.unicodeScalars.contains(where: hidden), "\(command)")
            guard command[0] == "inspect" else {
                #expect(run.standardError.contains("x\\u{1B}[31m\\u{1B}]0;title\\u{7}\\n\\u{202E}y"), "\(run.standardError)")
                #expect(try StudyTable(run.standardOutput).column("matrix") == ["sound\u{1B}[0m"])
                continue
            }
            #expect(!run.standardOutput.unicodeScalars.contains(where: hidden), "\(command)")
        }
        let json = try JSONSerialization.jsonObject(with: Data(folder.run(["inspect", "a.h5", "--json"]).standardOutput.utf8))
        let sets = (json as? [String: Any])?["datasets"] as? [[String: Any]]
        #expect(sets?.compactMap { $0["name"] as? String } == ["sound\u{1B}[0m", name])
        #expect(((json as? [String: Any])?["attributes"] as? [String: String]) == ["t\u{1B}[1m": "v\u{1B}[2m"])
    }

    private let kinds = ["decoded", "reference", "root", "statistic"]

    /// A training's dump, of two layers.
    private func writeDump() throws {
        try folder.createHDF5("a.h5") { writer in
            for layer in ["layers.0.weight", "layers.1.weight"] {
                for kind in kinds {
                    try writer.write(try geometricMatrix(order: 5), to: "steps/00000010/\(layer)/0_0/left/\(kind)")
                }
            }
            try writer.setAttribute("format", to: .string("fourthroot"))
        }
    }

    @Test func globsKeepToStatisticsOfDumps() throws {
        try writeDump()
        let side = "steps/00000010/layers.1.weight/0_0/left"
        #expect(try studied(["--matrix", "*layers.1*"]) == ["\(side)/statistic"])
        #expect(try studied(["--matrix", "\(side)/*"]) == ["\(side)/statistic"])
        for kind in kinds {
            #expect(try studied(["--matrix", "*layers.1*/\(kind)"]) == ["\(side)/\(kind)"])
            #expect(try studied(["--matrix", "\(side)/\(kind)"]) == ["\(side)/\(kind)"])
        }
        #expect(try studied(["--matrix", "*/root", "--matrix", "*.1.*"]).count == 3)
        // What inspect counts is what a study takes.
        #expect(try studied([]).count == 2)
        #expect(try folder.succeed(["inspect", "a.h5"]).standardOutput.contains("8 data sets, 2 of them square matrices"))
        let run = try folder.succeed(["study", "a.h5", "--matrix", "*layers.1*"] + SelectionTests.cheap)
        #expect(run.standardError.contains("3 matrices that the optimizer made"), "\(run.standardError)")
        // Elsewhere a root is a matrix like any other.
        try writeMatrices(["left/root", "left/statistic"])
        #expect(try studied(["--matrix", "*"]) == ["left/root", "left/statistic"])
    }

    /// A statistic that no gradient has reached is the damping alone: skipped with a count, taken where it is named.
    @Test func dumpsBeforeTheFirstUpdate() throws {
        let names = ["steps/00000001/w/0_0/left/statistic", "steps/00000002/w/0_0/left/statistic"]
        try folder.createHDF5("a.h5") { writer in
            for (name, updates) in zip(names, [0, 1]) {
                try writer.write(try geometricMatrix(order: 5), to: name)
                try writer.setAttribute("updates", to: .integer(updates), of: name)
            }
            try writer.setAttribute("format", to: .string("fourthroot"))
        }
        let run = try folder.succeed(["study", "a.h5"] + SelectionTests.cheap)
        #expect(try StudyTable(run.standardOutput).column("matrix") == [names[1]])
        #expect(run.standardError.contains("left out 1 matrices of a dump before their first update"))
        #expect(try studied(["--matrix", "*w*"]) == [names[1]])
        #expect(try studied(["--matrix", names[0]]) == [names[0]])
    }

    /// Square sets of another type and stacks beside a good matrix are named once; the study goes on.
    @Test func whatIsNoMatrixIsNamed() throws {
        try folder.createHDF5("a.h5") { writer in
            try writer.write(try geometricMatrix(order: 5), to: "good")
            try writer.write(NumericArray(shape: [3, 3], values: [UInt8](repeating: 1, count: 9)), to: "codes")
            try writer.write(NumericArray(shape: [2, 3, 3], values: [Float](repeating: 1, count: 18)), to: "stack")
            try writer.write(NumericArray<Double>(shape: [0, 0], values: []), to: "placeholder")
            try writer.write(NumericArray(shape: [], values: [2.0]), to: "scalar")
            try writer.write(NumericArray(shape: [4], values: [1.0, 2, 3, 4]), to: "vector")
        }
        let run = try folder.succeed(["study", "a.h5"] + SelectionTests.cheap)
        #expect(try StudyTable(run.standardOutput).column("matrix") == ["good"])
        #expect(
            run.standardError.contains(
                "a.h5: left out: codes (uint8, 3 × 3), placeholder (of order 0), stack (a stack of matrices, 2 × 3 × 3)\n"),
            "\(run.standardError)")
        func refuse(_ name: String, _ words: [String]) throws {
            try folder.expectRefusal(["study", "a.h5", "--matrix", name, "--no-cache"], status: 65, words: ["a.h5: "] + words)
        }
        try refuse("stack", ["stack: its shape is 2 × 3 × 3, a stack"])
        try refuse("st*", ["stack (a stack of matrices, 2 × 3 × 3)"])
        try refuse("scalar", ["scalar: it is a scalar; "])
        try refuse("vector", ["vector: its shape is 4; "])
        try refuse("codes", ["codes: it holds uint8"])
        #expect(try folder.succeed(["inspect", "a.h5"]).standardOutput.contains("6 data sets, 1 of them square matrices"))
    }

    /// Only what is sound is counted as readable, and the reason is given, the file's name once.
    @Test func inspectKnowsWhatTheStudyRefuses() throws {
        try folder.write(
            [
                ("good", try geometricMatrix(order: 5)), ("nan", Matrix(diagonal: [1, .nan])),
                ("wry", Matrix(rows: 2, columns: 2, elements: [1, 0, 1, 1])),
            ],
            to: "a.h5")
        let text = try folder.succeed(["inspect", "a.h5"]).standardOutput
        #expect(text.contains("3 data sets, 1 of them square matrices"))
        #expect(text.contains("cannot be studied: entry (1, 1) is nan"))
        let run = try folder.run(["study", "a.h5"] + SelectionTests.cheap)
        #expect(run.status == 65)
        #expect(run.standardError.components(separatedBy: "a.h5").count == 3, "\(run.standardError)")
    }
}
