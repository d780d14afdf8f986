import ArgumentParser
import Files

/// A figure from the program's CSV files.
struct Plot: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw a figure of CSV files of this program as SVG, PNG or PDF, by gnuplot.",
        discussion: """
            What is drawn follows from the columns; --kind chooses among the figures that fit. Of a study: contraction (errors and angles \
            against log2 τ), steps (against the steps of a training, a panel a layer), pareto (against bits per entry, with the \
            Pareto front), cases (a line each), heat-map (layers against storages), rectification (against Björck steps). Of \
            spectrum, orthogonality and codebook: figures 2, 3 and 5 of the 4-bit Shampoo paper. Of one log its losses; of several \
            logs, or of one CSV file with a column scheme, the mean and the range of the validation losses over the seeds, where \
            NAME-seed0.csv and NAME-seed1.csv are two seeds of NAME. Of memory and benchmark a line a row. --x and --y draw columns \
            of any CSV file. A storage has the same color and mark in every figure. For a column of a paper: --width 85mm -o figure.pdf.
            """)

    @Argument(help: "CSV files of one kind; - is standard input.", completion: .file(extensions: ["csv"]))
    var input: [String]

    @Option(
        name: [.short, .customLong("output")], help: ArgumentHelp("The figure.", valueName: "figure.svg|.png|.pdf"),
        completion: .file(extensions: ["svg", "png", "pdf"]))
    var output: String

    @Flag(help: "Replace an existing output.")
    var force = false

    @Option(help: "What to draw (default: what says most of the file).")
    var kind: FigureKind?

    @Option(help: "Title of the figure (default: what it shows).")
    var title: String?

    @Option(
        help: ArgumentHelp(
            "Width of the figure, in mm, cm, in, pt or px, from 40 mm to 1 m; a bare number is inches (default: as the panels need).",
            valueName: "length"))
    var width: PageLength?

    @Option(help: ArgumentHelp("Height, likewise (default: as the panels need).", valueName: "length"))
    var height: PageLength?

    @Option(help: "Name or glob of matrices; may be repeated (default: every one).")
    var matrix: [String] = []

    @Option(
        name: .customLong("where"),
        help: ArgumentHelp(
            "Rows to show, by a column and its values, as in bits=4,8; may be repeated.", valueName: "column=values"))
    var conditions: [ColumnCondition] = []

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
        if FigureFormat(path: output) == nil {
            throw ValidationError("-o \(output): name a file that ends in \(FigureFormat.extensions)")
        }
        if (x == nil) != (y == nil) { throw ValidationError("--x and --y go together") }
        if x == nil && (!series.isEmpty || log != nil) { throw ValidationError("--series and --log need --x and --y") }
        if x != nil && kind != nil {
            throw ValidationError("--kind is one of the program's figures, and --x and --y are your own")
        }
    }

    func run() throws {
        try OutputFile.requireWritable(output, overwrite: force, sparing: input)
        let tables = try input.map { try ResultTable(path: $0) }
        let table = try (tables.count == 1 ? tables[0] : ResultTable(joining: tables))
            .selecting(matrices: matrix).selecting(conditions)
        var figure = try figure(of: table)
        if let title { figure.title = .plain(title) }
        try Gnuplot().draw(figure, size: PageSize(width: width, height: height), to: output, overwrite: force)
        for note in figure.notes { Terminal.report("note", note) }
    }

    private func figure(of table: ResultTable) throws -> Figure {
        if let x, let y {
            let columns = series.flatMap { $0.split(separator: ",").map { String($0) } }
            return try columnFigure(table, x: x, y: y, series: columns, logarithmic: log?.rawValue ?? "")
        }
        let kinds = FigureKind.fitting(table)
        if let kind {
            guard kind.fits(table) else {
                let others = kinds.isEmpty ? "" : "; it is a file for --kind \(kinds.map(\.name).joined(separator: ", "))"
                throw table.error("--kind \(kind.name) needs \(kind.needs)\(others)")
            }
            return try kind.figure(table)
        }
        guard let first = kinds.first else {
            throw table.error(
                "its header is of no figure that is known: give a CSV file of study, merge, recode, spectrum, orthogonality, codebook, "
                    + "train, memory or benchmark, or choose columns with --x and --y")
        }
        var figure = try first.figure(table)
        if kinds.count > 1 {
            figure.notes.append(
                "drawn is --kind \(first.name); it fits \(kinds.dropFirst().map(\.name).joined(separator: ", "))"
                    + ", too")
        }
        return figure
    }
}
