import Foundation
import HDF5Store
import MatrixCore
import Testing

/// What a person sees: a table at the end, a bar that leaves no trace, and CSV only where it is asked for.
@Suite struct TerminalTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(
            [("layer/0", try geometricMatrix(order: 24)), ("layer/1", try geometricMatrix(order: 20))], to: "a.h5")
    }

    private static let study = ["study", "a.h5", "--no-cache"]

    private func terminal(
        _ arguments: [String], columns: UInt16 = 80, environment: [String: String] = [:]
    ) throws -> TerminalRun {
        let run = try folder.runOnTerminal(
            arguments, columns: columns, environment: ["TERM": "xterm"].merging(environment) { $1 })
        try #require(run.status == 0, "\(arguments): \(run.text)")
        return run
    }

    /// The figures of the table are those of the rows, which are computed from their CSV here.
    @Test func resultOfAStudy() throws {
        let run = try terminal(TerminalTests.study)
        let screen = run.screen
        #expect(screen.count <= 13 && !run.text.contains("source,matrix"), "\(screen)")
        let table = try StudyTable(folder.succeed(TerminalTests.study).standardOutput)
        let indefinite = try table.column("outcome").count { $0 == "indefinite" }
        let last = try #require(screen.last)
        #expect(last.hasPrefix("fourthroot: \(table.records.count) rows, \(indefinite) indefinite, "), "\(last)")
        #expect(last.hasSuffix(" s; -o FILE.csv keeps them"), "\(last)")

        let published = table.rows.filter {
            $0["statistic"] == "eigenvector" && $0["root"] == "offdiagonal" && $0["bits"] == "4"
        }
        let errors = published.compactMap { Double($0["nre"] ?? "") }
        let bits = published.compactMap { Double($0["bits_per_entry"] ?? "") }
        try #require(errors.count == 2)
        let line = try #require(screen.first { $0.contains("4-bit Shampoo: eigenvector/offdiagonal") }, "\(screen)")
        let figures = line.split(separator: " ").suffix(3).compactMap { Double($0) }
        try #require(figures.count == 3, "\(line)")
        // As many digits as are shown: two behind the point, three in all.
        expectWithin(figures[0], (bits[0] + bits[1]) / 2, 0.005)
        expectWithin(figures[1], (errors[0] * errors[1]).squareRoot(), 0.005 * figures[1])
        expectWithin(figures[2], max(errors[0], errors[1]), 0.005 * figures[2])

        // By their bits, the best of them each more accurate than the one before.
        let rows = screen.filter { $0.contains("/") && !$0.contains("A^(") && !$0.hasPrefix("fourthroot") }
        // Behind them there may be a count, which has no point.
        let numbers = rows.map { row in row.split(separator: " ").filter { $0.contains(".") }.compactMap { Double($0) } }
        #expect(numbers.map { $0[$0.count - 3] } == numbers.map { $0[$0.count - 3] }.sorted(), "\(rows)")
        let best = zip(rows, numbers).filter { $0.0.hasPrefix("*") }.map { $0.1[$0.1.count - 2] }
        #expect(best.count > 1 && best == best.sorted(by: >), "\(rows)")
    }

    private func expectWithin(_ value: Double, _ expected: Double, _ limit: Double) {
        #expect((value - expected).magnitude <= limit * (1 + 1e-9), "\(value) against \(expected)")
    }

    /// The bar is there before anything is computed, names the matrix in work and shares no line with anything.
    @Test func barLeavesNoTrace() throws {
        let run = try terminal(TerminalTests.study + ["--threads", "1"])
        #expect(run.text.contains("-] 0 of "), "\(run.text)")
        #expect(run.text.contains("layer/0") && run.text.contains("layer/1"))
        #expect(!run.screen.contains { $0.contains("[#") || $0.contains("[-") || $0.contains("reading") }, "\(run.screen)")
        // Rows that are asked for come without a bar.
        let rows = try terminal(TerminalTests.study + ["--statistic", "full", "-o", "-"])
        #expect(rows.text.contains("source,matrix,order") && !rows.text.contains("] 0 of"), "\(rows.text)")
        #expect(
            try StudyTable(folder.succeed(TerminalTests.study + ["--statistic", "full", "-o", "-"]).standardOutput).rows.count
                == 2)
    }

    @Test(arguments: [20, 36, 60, 200]) func widths(_ columns: UInt16) throws {
        let run = try terminal(TerminalTests.study, columns: columns)
        let table = run.screen.filter { !$0.hasPrefix("fourthroot:") }
        #expect(table.count > 4 && table.allSatisfy { $0.count <= Int(columns) }, "\(table)")
        // A line that fills the terminal would wrap, and the next bar would stand below it.
        for bar in run.text.split(whereSeparator: { "\r\n".contains($0) }) where bar.hasPrefix("[") {
            #expect(bar.count < Int(columns), "\(bar)")
        }
    }

    @Test func colors() throws {
        #expect(try terminal(TerminalTests.study).text.contains("\u{1B}["))
        for environment in [["NO_COLOR": "1"], ["TERM": "dumb"]] {
            let run = try terminal(TerminalTests.study, environment: environment)
            #expect(!run.text.contains("\u{1B}") && run.screen.contains { $0.contains("4-bit Shampoo") }, "\(environment)")
        }
        // What cannot move its cursor has no bar.
        #expect(try !terminal(TerminalTests.study, environment: ["TERM": "dumb"]).text.contains("] 0 of"))
    }

    /// With a file the table is shown, too, and the file is what it always was; without a terminal there is a closing line only.
    @Test func outputsBesideTheTable() throws {
        let shown = try terminal(TerminalTests.study + ["-o", "out.csv"])
        #expect(shown.screen.contains { $0.contains("4-bit Shampoo") } && shown.screen.last?.hasSuffix("; in out.csv") == true)
        let piped = try folder.succeed(TerminalTests.study)
        #expect(
            try StudyTable(folder.text("out.csv")).withoutSeconds == StudyTable(piped.standardOutput).withoutSeconds)
        let lines = piped.standardError.split(separator: "\n")
        let rows = try StudyTable(piped.standardOutput).records.count
        #expect(lines.count == 1 && lines[0].hasPrefix("fourthroot: \(rows) rows, "), "\(piped.standardError)")
        let quiet = try folder.succeed(TerminalTests.study + ["--quiet"])
        #expect(quiet.standardError == "" && quiet.standardOutput.hasPrefix("source,"))
        // Quiet is the way there, not the result.
        let result = try terminal(TerminalTests.study + ["--quiet"])
        #expect(
            result.screen.count > 4 && !result.text.contains("fourthroot:") && !result.text.contains("\r["), "\(result.text)")
        #expect(try terminal(TerminalTests.study + ["--quiet", "--force", "-o", "out.csv"]).text == "")
    }

    @Test func resultOfRecoding() throws {
        let arguments = ["recode", "a.h5", "--updates", "3"]
        let run = try terminal(arguments)
        let table = try StudyTable(folder.succeed(arguments).standardOutput)
        #expect(run.screen.last?.hasPrefix("fourthroot: \(table.records.count) rows") == true, "\(run.screen)")
        let last = table.rows.filter { $0["update"] == "3" && $0["statistic"] == "eigenvector" }
        let errors = last.compactMap { Double($0["nre"] ?? "") }
        let line = try #require(run.screen.first { $0.contains("eigenvector/offdiagonal") })
        let shown = try #require(line.split(separator: " ").last.flatMap { Double($0) })
        try #require(errors.count == 2)
        expectWithin(shown, (errors[0] * errors[1]).squareRoot(), 0.005 * shown)
        #expect(run.screen.count <= 13 && !run.text.contains("source,matrix"))
    }

    /// What is said of many cases is said once, with their number.
    @Test func notesAreCounted() throws {
        try folder.write([("a", Matrix(diagonal: [1, -1, 2])), ("b", Matrix(diagonal: [1, -1, 3]))], to: "b.h5")
        let run = try folder.run(
            ["study", "b.h5", "--no-cache", "--statistic", "cholesky", "--bits", "4,6,8", "--codebook", "linear,linear-2"])
        let notes = run.standardError.split(separator: "\n").filter { $0.contains("no Cholesky factor") }
        #expect(notes.count == 2 && notes[1].contains("the like of 11 more cases"), "\(run.standardError)")
        #expect(run.standardError.contains("12 rows, 12 not positive definite"), "\(run.standardError)")
    }

    /// A name that would command the terminal is shown by numbers in the bar, too.
    @Test func hostileNames() throws {
        try folder.write([("x\u{1B}[31m\u{7}\u{202E}y", try geometricMatrix(order: 6))], to: "b.h5")
        let run = try terminal(["study", "b.h5", "--no-cache"], columns: 200, environment: ["NO_COLOR": "1"])
        #expect(!run.text.unicodeScalars.contains { ["\u{1B}", "\u{7}", "\u{202E}"].contains($0) }, "\(run.text)")
        #expect(run.text.contains("x\\u{1B}[31m\\u{7}\\u{202E}y"))
    }
}
