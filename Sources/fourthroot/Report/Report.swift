import ArgumentParser
import Files
import Foundation

/// One HTML file of what the program's tables say.
struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write CSV files of this program as one HTML page with figures and tables.",
        discussion: """
            The page loads nothing from outside, and opens and prints without a server. Of studies it shows error against bytes, \
            which storage is enough for an error, condition numbers, and the error over contractions and training steps; of spectrum, \
            orthogonality, recode and train their curves; of every table all rows. Interactive figures need a chart library \
            that scripts/fetch-chart-library installs; without it, the figures are gnuplot's.
            """)

    @Argument(
        help: "CSV files of study, merge, recode, spectrum, orthogonality, train, memory or benchmark.",
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

    func validate() throws {
        if Set(inputs).count < inputs.count { throw ValidationError("an input is given twice: name each file once") }
    }

    func run() throws {
        try OutputFile.requireWritable(output, overwrite: force, sparing: inputs)
        let tables = try inputs.map { try ReportTable(path: $0) }
        let library = try ChartLibrary.load(chartLibrary)
        if library == nil { Terminal.report("note", ChartLibrary.advice) }
        let page = ReportPage(title: title ?? defaultTitle, tables: tables, command: CommandLine.arguments, library: library)
        try OutputFile.write(output, overwrite: force, page.html)
    }

    private var defaultTitle: String {
        let names = inputs.map { URL(fileURLWithPath: $0).deletingPathExtension().lastPathComponent }
        return names.count > 3
            ? "\(names.prefix(2).joined(separator: ", ")) and \(names.count - 2) more" : names.joined(separator: ", ")
    }
}
