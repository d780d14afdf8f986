import Foundation
import MatrixCore
import Testing

@Suite struct TheoryTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write([("a", try geometricMatrix(order: 24, condition: 1e4))], to: "a.h5")
    }

    @Test func everyStatementByDefault() throws {
        let run = try folder.succeed(["theory", "a.h5", "--problem", "quadratic", "--problem-steps", "10", "-o", "out.csv"])
        #expect(run.standardError.contains("0 of published statements and 0 of the program's own do not hold"), "\(run)")
        let rows = try StudyTable(folder.text("out.csv")).rows
        let names = Set(rows.compactMap { $0["statement"] })
        for prefix in ["lemma-1", "lemma-2", "proposition-1", "codebook-bound", "bjorck-step", "lemma-12", "theorem-1"] {
            #expect(names.contains { $0.hasPrefix(prefix) }, "\(prefix)")
        }
        for row in rows {
            let sides = try ["left", "right", "slack"].map { try #require(Double(row[$0] ?? ""), "\(row)") }
            let slack =
                switch row["relation"] {
                case "<=": sides[1] - sides[0]
                case ">=": sides[0] - sides[1]
                default: -(sides[0] - sides[1]).magnitude
                }
            #expect(slack == sides[2] && row["holds"] == "yes", "\(row)")
        }
    }

    @Test func statementsByNameAndStorages() throws {
        let run = try folder.succeed(
            [
                "theory", "a.h5", "--statement", "lemma-1,bjorck-step", "--statistic", "eigenvector", "--bits", "3,4",
                "--rectify", "2",
            ])
        let rows = try StudyTable(run.standardOutput).rows
        // Four parts of the lemma, and one row a step, for each number of bits.
        #expect(rows.count == 2 * (4 + 2))
        #expect(Set(rows.compactMap { $0["bits"] }) == ["3", "4"])
    }

    @Test func sameSeedSameBytes() throws {
        let arguments = ["theory", "a.h5", "--statement", "lemma-12", "--seed"]
        let outputs = try ["1", "1", "2"].map { try folder.succeed(arguments + [$0]).standardOutput }
        #expect(outputs[0] == outputs[1] && outputs[0] != outputs[2])
    }

    /// Codes of two bits may leave singular values beyond √3, of which the step says nothing, and small ones, which are known to
    /// fewer digits.
    @Test(arguments: ["linear", "linear-1.5", "linear-2", "dynamic-tree"]) func coarseCodes(codebook: String) throws {
        let run = try folder.succeed(
            [
                "theory", "a.h5", "--statement", "bjorck-step", "--statistic", "eigenvector", "--codebook", codebook, "--bits",
                "2,3",
                "--block", "1,64", "--rectify", "4",
            ])
        #expect(try StudyTable(run.standardOutput).rows.count == 2 * 2 * 4)
    }

    /// A matrix that float32 has no place for is left out with its name, and the others are not.
    @Test func matrixBeyondFloat32() throws {
        try folder.write([("a", Matrix(diagonal: [1e300, 1])), ("b", try geometricMatrix(order: 4))], to: "b.h5")
        let run = try folder.succeed(["theory", "b.h5", "--statement", "lemma-2"])
        #expect(run.standardError.contains("a: its largest entry, 1e+300, is outside the normal range of float32"), "\(run)")
        #expect(try Set(StudyTable(run.standardOutput).column("matrix")) == ["b"])
    }

    /// Of zeros nothing is learned, and nothing refuted.
    @Test func problemOfZeros() throws {
        try folder.write([("a", Matrix<Double>(rows: 3, columns: 3))], to: "b.h5")
        let run = try folder.succeed(["theory", "b.h5", "--statement", "theorem-1", "--problem", "quadratic"])
        #expect(run.standardError.contains("0 of published statements"), "\(run)")
        #expect(try StudyTable(run.standardOutput).rows.isEmpty)
    }

    /// What is about positive eigenvalues alone is left out with a note.
    @Test func indefiniteMatrix() throws {
        try folder.write([("a", Matrix(diagonal: [1, -1, 2]))], to: "b.h5")
        let run = try folder.succeed(["theory", "b.h5"])
        #expect(run.standardError.contains("lemma-1 is about matrices whose eigenvalues are all positive"), "\(run)")
    }
}
