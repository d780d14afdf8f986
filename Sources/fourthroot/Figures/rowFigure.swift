/// The bytes of a training by parts, a line a layer or model.
func memoryFigure(_ table: ResultTable) throws -> Figure {
    try rowFigure(
        table, names: ["scheme", "model", "layer"], title: "Bytes of a training", axis: "bytes",
        columns: ["parameters", "gradients", "first_order", "statistics", "roots", "total"])
}

/// The times of a benchmark, a line each.
func benchmarkFigure(_ table: ResultTable) throws -> Figure {
    try rowFigure(
        table, names: ["what"], title: "Times", axis: "seconds", columns: ["minimum_seconds", "seconds", "maximum_seconds"])
}

/// Each row on a line of its own, the first on top, with a mark for each of some columns.
///
/// - Parameters:
///   - names: the columns by which a row is named, as far as the table has them.
///   - columns: those to show, as far as the table has them.
private func rowFigure(
    _ table: ResultTable, names: [String], title: String, axis: String, columns: [String]
) throws -> Figure {
    let count = min(table.rows.count, 60)
    let lines = table.rows[..<count].enumerated().map { (height: Double(count - 1 - $0), row: $1) }
    let shown = columns.filter { table.has($0) }
    let curves = try shown.enumerated().map { series, column in
        let points = try lines.compactMap { line in try line.row.number(column).map { (x: $0, y: line.height) } }
        return Figure.Curve(series: series, points: points)
    }
    let label = { (row: ResultTable.Row) in
        names.map { row.optionalText($0) }.filter { !$0.isEmpty }.joined(separator: ", ")
    }
    let panel = Figure.Panel(
        x: Figure.Axis(label: .plain(axis), isLogarithmic: true),
        y: Figure.Axis(
            label: .plain(""), range: -0.6...Double(count) - 0.4, names: lines.map { ($0.height, label($0.row)) }),
        curves: curves)
    var notes: [String] = []
    if count < table.rows.count { notes.append("the figure shows the first \(count) of \(table.rows.count) rows") }
    let series = shown.map { Figure.Series(label: $0.replacing("_", with: " "), family: $0, mark: .points) }
    return try finished(
        Figure(
            title: .plain(title), panels: [panel], series: series, panelHeight: 40 + 24 * max(count, 4), notes: notes),
        table)
}
