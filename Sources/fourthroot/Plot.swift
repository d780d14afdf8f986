import ArgumentParser
import Files

/// A figure from one of the program's CSV files.
struct Plot: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw an SVG or PNG figure of a CSV file of this program, by gnuplot.",
        discussion: """
            A study with several contractions: error and angle against log2 τ. A study with several bits: error against bits \
            per entry, the geometric mean over the matrices. Any other study: the error of each case. A study of recoding: the error over the \
            updates. The log of a training: its losses; of several \
            (a column scheme): mean validation losses. Spectra, losses of orthogonality and codebooks: the curves of the paper's figures 2, 3 and 5. --x and --y draw columns of \
            any CSV file.
            """)

    @Argument(help: "CSV file.", completion: .file(extensions: ["csv"]))
    var input: String

    @Option(
        name: [.short, .customLong("output")], help: ArgumentHelp("The figure.", valueName: "figure.svg|.png"),
        completion: .file(extensions: ["svg", "png"]))
    var output: String

    @Flag(help: "Replace an existing output.")
    var force = false

    @Option(help: "Title of the figure (default: what it shows).")
    var title: String?

    @Option(help: "Name or glob of matrices; may be repeated (default: every one).")
    var matrix: [String] = []

    @Option(help: ArgumentHelp("Column of the horizontal axis.", valueName: "column"))
    var x: String?

    @Option(help: ArgumentHelp("Column of the vertical axis.", valueName: "column"))
    var y: String?

    @Option(help: ArgumentHelp("With --x and --y: columns that tell curves apart.", valueName: "list"))
    var series: [String] = []

    @Option(help: ArgumentHelp("With --x and --y: logarithmic axes.", valueName: "axes"))
    var log: LogarithmicAxes?

    enum LogarithmicAxes: String, CaseIterable, ExpressibleByArgument { case x, y, xy }

    func validate() throws {
        if FigureFormat(path: output) == nil { throw ValidationError("-o \(output): name a file that ends in .svg or .png") }
        if (x == nil) != (y == nil) { throw ValidationError("--x and --y go together") }
        if x == nil && (!series.isEmpty || log != nil) { throw ValidationError("--series and --log need --x and --y") }
    }

    func run() throws {
        try OutputFile.requireWritable(output, overwrite: force)
        let table = try ResultTable(path: input).selecting(matrices: matrix)
        var figure = try figure(of: table)
        if let title { figure.title = .plain(title) }
        try Gnuplot().draw(figure, to: output, overwrite: force)
        for note in figure.notes { Terminal.report("note", note) }
    }

    private func figure(of table: ResultTable) throws -> Figure {
        if let x, let y {
            let columns = series.flatMap { $0.split(separator: ",").map { String($0) } }
            return try columnFigure(table, x: x, y: y, series: columns, logarithmic: log?.rawValue ?? "")
        }
        if table.has("singular_value") { return try spectrumFigure(table) }
        if table.has("mean_error") { return try orthogonalityFigure(table) }
        if table.has("update", "statistic_nre") { return try recodeFigure(table) }
        if table.has("nre") { return try studyFigure(table) }
        if table.has("step", "loss", "validation_loss") { return try trainingFigure(table) }
        if table.has("code", "value") { return try codebookFigure(table) }
        if table.has("x", "value") { return try codebookCurveFigure(table) }
        if table.has("model", "layer", "parameters", "first_order") { return try memoryFigure(table) }
        if table.has("what", "seconds") { return try benchmarkFigure(table) }
        throw table.error(
            "its header is of no figure that is known: give a CSV file of study, merge, recode, spectrum, orthogonality, codebook, train, "
                + "memory or benchmark study, or choose columns with --x and --y")
    }
}
