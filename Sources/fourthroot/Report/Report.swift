import ArgumentParser
import Files
import Foundation
import MatrixStudy

/// One HTML file of what the program's tables say.
struct Report: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write CSV files of this program as one HTML page with figures and tables.",
        discussion: """
            A file of matrices among the inputs is studied first, with the grid that study has by default. The page loads nothing from outside, and opens and prints without a server. Of studies it shows error against bytes, \
            which storage is enough for an error, condition numbers, and the error over contractions and training steps; of spectrum, \
            orthogonality, recode and train their curves; of every table all rows. Interactive figures need a chart library \
            that scripts/fetch-chart-library installs; without it, the figures are gnuplot's.
            """)

    @Argument(
        help: "CSV files of study, merge, recode, spectrum, orthogonality, train, memory or benchmark, or files of matrices.",
        completion: .file(extensions: ["csv"]))
    var inputs: [String]

    @Option(
        name: [.short, .customLong("output")], help: ArgumentHelp("The page.", valueName: "report.html"),
        completion: .file(extensions: ["html"]))
    var output: String

    @Flag(help: "Replace an existing output.")
    var force = false

    @Option(help: "Title of the page (default: the names of the inputs).")
    var title: String?

    @Option(
        help: ArgumentHelp(
            "The chart library (default: \(ChartLibrary.fileName) of $FOURTHROOT_SHARE, of share/fourthroot beside the program, "
                + "or of the user's or the system's data folder).", valueName: "file.js"),
        completion: .file(extensions: ["js"]))
    var chartLibrary: String?

    @OptionGroup var cacheOptions: CacheOptions

    @Flag(help: "No progress and no notes.")
    var quiet = false

    func validate() throws {
        if Set(inputs).count < inputs.count { throw ValidationError("an input is given twice: name each file once") }
    }

    func run() async throws {
        try OutputFile.requireWritable(output, overwrite: force, sparing: inputs)
        let library = try ChartLibrary.load(chartLibrary)
        let interruption = Interruption { "no report was written" }
        let matrices = inputs.filter(holdsMatrices)
        var tables = try inputs.filter { !matrices.contains($0) }.map { try ReportTable(path: $0) }
        if !matrices.isEmpty { tables.insert(try await studied(matrices), at: 0) }
        if library == nil && !quiet { Terminal.report("note", ChartLibrary.advice) }
        let page = ReportPage(
            title: title ?? defaultTitle, tables: tables, command: CommandLine.arguments, library: library,
            figures: library == nil ? StillFigures(of: tables, beside: output) : nil)
        try OutputFile.write(output, overwrite: force, page.html)
        withExtendedLifetime(interruption) {}
    }

    /// The default study of files of matrices as a table.
    private func studied(_ paths: [String]) async throws -> ReportTable {
        let source = try StudyInput(paths.map(openSource), selecting: [])
        source.report(notes: !quiet)
        let rows = try await studiedRows(
            StudyPlan(grids: Preset.default.grids), of: source, cache: cacheOptions.cache,
            threads: ProcessInfo.processInfo.activeProcessorCount, quiet: quiet)
        let text = ([StudyRow.columns] + rows.map(\.fields)).map { CSV.record($0) }.joined()
        return try ReportTable(text, name: "study of \(paths.joined(separator: ", "))")
    }

    /// Whether a file is no text: what it is, opening it as a file of matrices says.
    private func holdsMatrices(_ path: String) -> Bool {
        guard path != "-", let file = FileHandle(forReadingAtPath: path),
            (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType == .typeRegular
        else { return false }
        return ((try? file.read(upToCount: 512)) ?? nil)?.contains(0) ?? false
    }

    private var defaultTitle: String {
        let names = inputs.map { URL(fileURLWithPath: $0).deletingPathExtension().lastPathComponent }
        return names.count > 3
            ? "\(names.prefix(2).joined(separator: ", ")) and \(names.count - 2) more" : names.joined(separator: ", ")
    }
}
