import Foundation

/// Figures of tables as `plot` draws them, for a page without a chart library.
struct StillFigures {
    /// What each shows and its SVG, as an address of its own content.
    private(set) var figures: [(title: String, image: String)] = []
    /// Why there are no others.
    private(set) var notes: [String] = []

    /// - Parameter path: beside it are gnuplot's working files, as long as it runs.
    init(of tables: [ReportTable], beside path: String) {
        guard let gnuplot = try? Gnuplot() else {
            notes.append("This report has no figures: neither a chart library nor gnuplot is installed.")
            return
        }
        for table in tables {
            for kind in FigureKind.fitting(table.table) {
                // A table may be of a kind and have nothing to show of it: all errors zero, say.
                guard let figure = try? kind.figure(table.table),
                    let svg = try? gnuplot.drawing(of: figure, size: PageSize(), as: .svg, beside: path)
                else { continue }
                let name = "\(table.table.path): \(kind.name)"
                figures.append((name, "data:image/svg+xml;base64,\(svg.base64EncodedString())"))
            }
        }
    }

    var json: JSONText {
        .array(figures.map { .object([("title", .string($0.title)), ("image", .string($0.image))]) })
    }
}
