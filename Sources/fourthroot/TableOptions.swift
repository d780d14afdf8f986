import ArgumentParser
import Files
import Foundation

extension TableFormat: ExpressibleByArgument {}

/// Where a table goes, in which form, and what is said of it.
struct TableOptions: ParsableArguments {
    @OptionGroup var output: OutputOptions

    @Option(
        help: ArgumentHelp(
            "Form of the output (default: by the ending of its name, else csv); parquet needs Python with pyarrow."))
    var format: TableFormat?

    @Flag(help: "No progress, notes or closing line.")
    var quiet = false

    var path: String? { output.path }

    /// The form that was asked for, by its word or by the name of the output.
    var resolvedFormat: TableFormat { format ?? path.flatMap { TableFormat(path: $0) } ?? .csv }

    func validate() throws {
        if resolvedFormat == .parquet, path == nil, Terminal.showsOutput {
            throw ValidationError("--format parquet is nothing that a terminal can show: name a file with -o")
        }
    }

    /// Fails before anything is computed where the table cannot be made.
    ///
    /// - Parameter inputs: files that no output may replace.
    /// - Throws: `OutputError`, `ParquetError`.
    func requireWritable(sparing inputs: [String] = []) throws {
        try output.requireWritable(sparing: inputs)
        if resolvedFormat == .parquet { try Parquet.requireConverter() }
    }

    /// Writes a whole table, and closes with its number of rows or other words.
    ///
    /// - Throws: `OutputError`, `ParquetError`.
    func write(
        _ rows: [[String]], of columns: [Column], closing parts: [String]? = nil, since start: ContinuousClock.Instant
    ) throws {
        try output.write(TableEncoding(columns, as: resolvedFormat).data(rows))
        close(parts ?? [counted(rows.count, "row")], since: start)
    }

    /// The last line on standard error: what has come of the run, how long it took, and where its table is.
    func close(_ parts: [String], since start: ContinuousClock.Instant, advice: String? = nil) {
        if quiet { return }
        let place = path.map { "in \(printableText($0))" } ?? advice
        let facts = (parts + [durationText((ContinuousClock.now - start) / .seconds(1))]).joined(separator: ", ")
        Terminal.write("fourthroot: \(([facts] + [place].compactMap(\.self)).joined(separator: "; "))\n")
    }
}
