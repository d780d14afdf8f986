import MatrixStudy

extension FigureKind {
    static let memory = FigureKind(
        "memory", needs: "the breakdown of 'fourthroot memory'",
        fits: { $0.has("model", "layer", "parameters", "first_order") }, figure: memoryFigure)

    static let benchmark = FigureKind(
        "benchmark", needs: "the times of 'fourthroot benchmark'",
        fits: { $0.has("what", "seconds") || $0.has("what", "ours_ms", "torch_ms") }, figure: benchmarkFigure)
}

/// The bytes of a training by parts: a line a layer or model, a row a scheme in its color where there are several schemes.
@Sendable func memoryFigure(_ table: ResultTable) throws -> Figure {
    let isCompared = table.has("scheme") && Set(table.rows.map { $0.optionalText("scheme") }).count > 1
    if isCompared { return try comparedMemory(table) }
    return try rowFigure(
        table, names: ["scheme", "model", "layer"], title: "Bytes of a training",
        Figure.Axis(label: .plain("bytes"), isLogarithmic: true, unit: .bytes),
        columns: ["parameters", "gradients", "first_order", "statistics", "roots", "total"])
}

/// What the preconditioners take of each model, a mark a scheme, and what was published.
private func comparedMemory(_ table: ResultTable) throws -> Figure {
    let models = table.rows.filter { ["", "total"].contains($0.optionalText("layer")) }.grouped { $0.optionalText("model") }
    let schemes = table.rows.map { $0.optionalText("scheme") }.distinct
    var curves: [Figure.Curve] = []
    for (position, scheme) in schemes.enumerated() {
        // Schemes that take equally much lie below each other.
        let shift = (Double(schemes.count - 1) / 2 - Double(position)) * 0.14
        let marks = try models.enumerated().flatMap { line, model in
            try model.elements.filter { $0.optionalText("scheme") == scheme }.compactMap { row in
                try row.number("preconditioners").map {
                    Figure.Point(
                        x: $0, y: Double(models.count - 1 - line) + shift,
                        note: "\(model.key), \(scheme): \(brief($0 / 1e6)) MB")
                }
            }
        }
        curves.append(Figure.Curve(series: position, points: marks))
    }
    let published = try models.enumerated().flatMap { line, model in
        try model.elements.compactMap { row in
            try row.optionalNumber("published_mib").map {
                Figure.Point(
                    x: $0 * 0x1p20, y: Double(models.count - 1 - line), note: "\(model.key), published: \(brief($0)) MiB")
            }
        }
    }
    curves.append(Figure.Curve(series: schemes.count, points: published))
    let panel = Figure.Panel(
        x: Figure.Axis(label: .plain("bytes of the preconditioners"), isLogarithmic: true, unit: .bytes),
        y: Figure.Axis(
            label: .plain(""), range: -0.6...Double(models.count) - 0.4,
            names: models.enumerated().map { (Double(models.count - 1 - $0), $1.key) }),
        curves: curves)
    let series =
        schemes.map { Figure.Series(label: $0, meaning: meaning(ofScheme: $0), mark: .points) }
        + [Figure.Series(label: "published", meaning: .other, mark: .points)]
    return try finished(
        Figure(
            title: .plain("Bytes of the preconditioners"), panels: [panel], series: series, panelLines: models.count * 3 / 2),
        table)
}

/// The times of a benchmark, a line each.
@Sendable func benchmarkFigure(_ table: ResultTable) throws -> Figure {
    if table.has("ours_ms", "torch_ms") {
        return try rowFigure(
            table, names: ["what"], title: "Milliseconds of a training step",
            Figure.Axis(label: .plain("milliseconds"), isLogarithmic: true), columns: ["ours_ms", "torch_ms"])
    }
    return try rowFigure(
        table, names: ["what"], title: "Times, with the least and the largest",
        Figure.Axis(label: .plain("seconds"), isLogarithmic: true, unit: .seconds),
        columns: ["minimum_seconds", "seconds", "maximum_seconds"])
}

/// Each row on a line of its own, the first on top, with a mark for each of some columns.
///
/// - Parameters:
///   - names: the columns by which a row is named, as far as the table has them.
///   - columns: those to show, as far as the table has them.
private func rowFigure(
    _ table: ResultTable, names: [String], title: String, _ axis: Figure.Axis, columns: [String]
) throws -> Figure {
    let count = min(table.rows.count, 60)
    let lines = table.rows[..<count].enumerated().map { (height: Double(count - 1 - $0), row: $1) }
    let shown = columns.filter { table.has($0) }
    let label = { (row: ResultTable.Row) in
        names.map { row.optionalText($0) }.filter { !$0.isEmpty }.joined(separator: ", ")
    }
    let curves = try shown.enumerated().map { series, column in
        let points = try lines.compactMap { line in
            try line.row.number(column).map {
                Figure.Point(
                    x: $0, y: line.height, note: "\(label(line.row)), \(column.replacing("_", with: " ")): \(brief($0))")
            }
        }
        return Figure.Curve(series: series, points: points)
    }
    let panel = Figure.Panel(
        x: axis,
        y: Figure.Axis(
            label: .plain(""), range: -0.6...Double(count) - 0.4, names: lines.map { ($0.height, label($0.row)) }),
        curves: curves)
    var notes: [String] = []
    if count < table.rows.count { notes.append("the figure shows the first \(count) of \(table.rows.count) rows") }
    let series = shown.map { Figure.Series(label: $0.replacing("_", with: " "), meaning: .other, mark: .points) }
    return try finished(
        Figure(title: .plain(title), panels: [panel], series: series, panelLines: max(count, 4), notes: notes), table)
}
