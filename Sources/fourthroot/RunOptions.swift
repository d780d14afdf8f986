import ArgumentParser
import Files
import Foundation
import MatrixStudy

/// How a long run is done, and where its rows go.
struct RunOptions: ParsableArguments {
    @Flag(help: "Go on from OUT.partial.")
    var resume = false

    @Option(help: "Cores to use (default: all).")
    var threads: Int?

    @OptionGroup var table: TableOptions

    var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

    func validate() throws {
        if resume && table.output.overwrites {
            throw ValidationError("--resume goes on and --force starts again: give one of them")
        }
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads \(threads): give 1 to 1024") }
    }

    /// Fails before anything is computed where the output cannot be made.
    ///
    /// - Throws: `OutputError`, `ParquetError`.
    func requireWritable(sparing inputs: [String]) throws {
        // A resume may find its output in place and the partial file too.
        if !resume { return try table.requireWritable(sparing: inputs) }
        if table.resolvedFormat == .parquet { try Parquet.requireConverter() }
    }

    /// Whether the rows go nowhere: a terminal gets what they come to, and CSV is for files and programs.
    var showsResult: Bool { table.output.output == nil && table.format == nil && Terminal.showsOutput }

    func output(_ description: TableDescription, _ sources: RowSources) -> StudyOutput.Options {
        let destination: StudyOutput.Destination =
            table.path.map { .file($0) } ?? (showsResult ? .nowhere : .standardOutput)
        return StudyOutput.Options(
            destination, TableEncoding(description.columns, as: table.resolvedFormat), sources: sources,
            overwrite: table.output.overwrites, resume: resume)
    }

    /// The bar, which never shares a line of a terminal with rows.
    func progress(total: Int, unit: String, completed: Int = 0) -> Progress {
        let showsRows = table.path == nil && !showsResult && Terminal.showsOutput
        return Progress(total: total, unit: unit, completed: completed, quiet: table.quiet || showsRows)
    }

    /// Options that only a file has a use for.
    var rules: [OptionRule] {
        let need = "-o, for standard output is neither resumed nor replaced"
        return [
            OptionRule("resume", resume, appliesIf: table.path != nil, needs: need),
            OptionRule("force", table.output.overwrites, appliesIf: table.path != nil, needs: need),
        ]
    }

    /// Shows what the rows come to on a terminal, and closes with their outcomes.
    func finish(_ output: StudyOutput, since start: ContinuousClock.Instant, summary: ([String], [[String]]) -> String?) {
        let showsSummary = Terminal.showsOutput && (table.path != nil ? !table.quiet : showsResult)
        if table.quiet && !showsSummary { return }
        let rows = output.rows
        if showsSummary, let text = summary(output.columns, rows) {
            // A terminal that has gone takes nothing away from a file.
            try? OutputFile.writeToStandardOutput(text)
        }
        let resumed = output.resumedRows > 0 ? " (\(output.resumedRows) from before)" : ""
        table.close(
            [counted(rows.count, "row") + resumed] + outcomes(output.columns, rows), since: start,
            advice: showsResult ? "-o FILE.csv keeps them" : nil)
    }

    /// What was not well, counted.
    private func outcomes(_ columns: [String], _ rows: [[String]]) -> [String] {
        guard let position = columns.firstIndex(of: "outcome") else { return [] }
        let counts = Dictionary(grouping: rows) { $0[position] }.mapValues(\.count)
        return Outcome.allCases.filter { $0 != .ok }.compactMap { outcome in
            counts[outcome.rawValue].map { "\($0) \(outcome.rawValue.replacing("_", with: " "))" }
        }
    }
}
