import MatrixStudy

/// Singular values against their index, one curve a storage and one panel a matrix.
///
/// Source: figure 2 of Wang et al. 2024.
func spectrumFigure(_ table: ResultTable) throws -> Figure {
    let labels = CaseLabels(table.rows)
    let groups = table.rows.grouped { labels.key($0) }
    let series = groups.map { group in
        let isItself = group.elements[0].optionalText("statistic") == "exact"
        return Figure.Series(
            label: isItself ? "A itself" : labels.label(group.elements[0]),
            family: group.elements[0].optionalText("statistic"), mark: .line, isReference: isItself)
    }
    var figure = Figure(
        title: .plain("Singular values of A and of what its storages give back"),
        subtitle: try subtitle(table, labels), panels: [], series: series)
    figure.panels = try panels(
        of: table, series: groups.map { labels.key($0.elements[0]) }, key: labels.key, x: "index", y: "singular_value",
        Figure.Axis(label: .plain("index")), Figure.Axis(label: .plain("singular value"), isLogarithmic: true))
    return try finished(figure, table)
}

/// Mean error against Björck steps, one curve an exponent and one panel a matrix.
///
/// Source: figure 3 of Wang et al. 2024.
func orthogonalityFigure(_ table: ResultTable) throws -> Figure {
    let coding = CaseLabels(table.rows, excluding: ["exponent"])
    func key(_ row: ResultTable.Row) -> [String] { coding.key(row) + [row.optionalText("exponent")] }
    let groups = table.rows.grouped(by: key)
    let series = groups.map { group in
        let exponent = "s = −\(compact(group.elements[0].optionalText("exponent")))"
        return Figure.Series(
            label: ([exponent] + coding.words(group.elements[0])).joined(separator: ", "),
            family: group.elements[0].optionalText("exponent"), mark: .linesAndPoints)
    }
    var figure = Figure(
        title: .markup("Mean error of (VΛ^{s}V^T)^{−1/s}·VΛV^T against I"),
        subtitle: try subtitle(table, coding), panels: [], series: series)
    figure.panels = try panels(
        of: table, series: groups.map(\.key), key: key, x: "steps", y: "mean_error",
        Figure.Axis(label: .plain("Björck steps")), Figure.Axis(label: .plain("mean error"), isLogarithmic: true))
    return try finished(figure, table)
}

/// The error of the root in use over the updates of a statistic that is coded anew at each, one curve a case and one panel a
/// matrix.
func recodeFigure(_ table: ResultTable) throws -> Figure {
    let labels = CaseLabels(table.rows, adding: ["rounding", "arithmetic"])
    let groups = table.rows.grouped { labels.key($0) }
    let power = powerMarkup(exponents: table.rows.map { $0.optionalText("exponent") }.distinct)
    var figure = Figure(
        title: .markup("Error of \(power) in use, coded anew at every update"), subtitle: try subtitle(table, labels),
        panels: [],
        series: groups.map { group in
            Figure.Series(
                label: labels.label(group.elements[0]), family: group.elements[0].optionalText("statistic"), mark: .line)
        })
    figure.panels = try panels(
        of: table, series: groups.map(\.key), key: labels.key, x: "update", y: "nre", Figure.Axis(label: .plain("update")),
        Figure.Axis(label: .markup("NRE of \(power)"), isLogarithmic: true))
    return try finished(figure, table)
}

/// A codebook's values against its codes.
///
/// Source: figure 5 of Wang et al. 2024.
func codebookFigure(_ table: ResultTable) throws -> Figure {
    try plainFigure(table, title: "Values of the codebook", x: "code", y: "value", .linesAndPoints)
}

/// x → Q(x), beside x itself.
func codebookCurveFigure(_ table: ResultTable) throws -> Figure {
    var figure = try plainFigure(table, title: "What becomes of x in [−1, 1]", x: "x", y: "value", .line)
    figure.series = [
        Figure.Series(label: "x", family: "x", mark: .line, isReference: true),
        Figure.Series(label: "Q(x)", family: "Q", mark: .line),
    ]
    let points = figure.panels[0].curves[0].points
    figure.panels[0].curves = [
        Figure.Curve(series: 0, points: points.map { ($0.x, $0.x) }), Figure.Curve(series: 1, points: points),
    ]
    return figure
}

/// Any two columns against each other, a curve for each combination of the values of other columns.
func columnFigure(
    _ table: ResultTable, x: String, y: String, series columns: [String], logarithmic: String
) throws -> Figure {
    let groups = try table.rows.grouped { row in try columns.map { try row.text($0) } }
    let curves = try groups.enumerated().map { position, group in
        Figure.Curve(series: position, points: try points(group.elements, x: x, y: y))
    }
    let panel = Figure.Panel(
        x: Figure.Axis(label: .plain(x), isLogarithmic: logarithmic.contains("x")),
        y: Figure.Axis(label: .plain(y), isLogarithmic: logarithmic.contains("y")), curves: curves)
    let series = groups.map { group in
        let label = zip(columns, group.key).map { "\($0) \($1)" }.joined(separator: ", ")
        return Figure.Series(label: label, family: label, mark: .linesAndPoints)
    }
    let figure = Figure(title: .plain("\(y) against \(x)"), panels: [panel], series: series)
    return try finished(figure, table)
}

/// Loss against the step: of one training its own and its validation loss, of several (with a column `scheme`) the
/// mean validation loss of each scheme over the seeds that all of them have.
func trainingFigure(_ table: ResultTable) throws -> Figure {
    let step = Figure.Axis(label: .plain("step"))
    guard table.has("scheme") else {
        let panel = Figure.Panel(
            x: step, y: Figure.Axis(label: .plain("loss")),
            curves: [
                Figure.Curve(series: 0, points: try points(table.rows, x: "step", y: "loss")),
                Figure.Curve(series: 1, points: try points(table.rows, x: "step", y: "validation_loss")),
            ])
        let series = [
            Figure.Series(label: "training", family: "training", mark: .line),
            Figure.Series(label: "validation", family: "validation", mark: .linesAndPoints),
        ]
        return try finished(Figure(title: .plain("Loss over a training"), panels: [panel], series: series), table)
    }
    let schemes = try table.rows.grouped { try $0.text("scheme") }
    let seeds = schemes.map { Set($0.elements.map { $0.optionalText("seed") }) }
    let common = seeds.dropFirst().reduce(seeds[0]) { $0.intersection($1) }
    let curves = try schemes.enumerated().map { position, scheme in
        let shared = scheme.elements.filter { common.contains($0.optionalText("seed")) }
        let losses = try points(shared, x: "step", y: "validation_loss").grouped { $0.x }
        return Figure.Curve(
            series: position,
            points: losses.map { step in (step.key, step.elements.reduce(0) { $0 + $1.y } / Double(step.elements.count)) })
    }
    let panel = Figure.Panel(x: step, y: Figure.Axis(label: .plain("validation loss")), curves: curves)
    let series = schemes.map { Figure.Series(label: $0.key, family: $0.key, mark: .linesAndPoints) }
    let networks = table.rows.map { $0.optionalText("network") }.distinct.joined(separator: ", ")
    return try finished(
        Figure(
            title: .plain(
                "Validation loss of \(networks), mean over \(common.count == 1 ? "one seed" : "\(common.count) seeds")"),
            panels: [panel], series: series), table)
}

private func plainFigure(
    _ table: ResultTable, title: String, x: String, y: String, _ mark: Figure.Mark
) throws -> Figure {
    let curve = Figure.Curve(series: 0, points: try points(table.rows, x: x, y: y))
    let panel = Figure.Panel(
        x: Figure.Axis(label: .plain(x)), y: Figure.Axis(label: .plain(y)), curves: [curve])
    return try finished(
        Figure(title: .plain(title), panels: [panel], series: [Figure.Series(label: "", family: "", mark: mark)]), table)
}

/// The matrix, if it is one, then what the cases share.
private func subtitle(_ table: ResultTable, _ labels: CaseLabels) throws -> String {
    let names = try table.rows.map { try MatrixName($0) }.distinct
    let matrix = names.count == 1 ? [shortened(names[0].matrix, to: 60), "n = \(table.rows[0].optionalText("order"))"] : []
    return (matrix + labels.shared).joined(separator: " · ")
}

/// One panel a matrix, in which the curves are those of `series`.
private func panels(
    of table: ResultTable, series: [[String]], key: (ResultTable.Row) -> [String], x: String, y: String,
    _ xAxis: Figure.Axis, _ yAxis: Figure.Axis
) throws -> [Figure.Panel] {
    let positions = Dictionary(uniqueKeysWithValues: series.enumerated().map { ($1, $0) })
    let matrices = try table.rows.grouped { try MatrixName($0) }
    let titles = MatrixName.titles(matrices.map(\.key))
    return try matrices.map { matrix in
        let curves = try matrix.elements.grouped(by: key).map { group in
            Figure.Curve(series: positions[group.key] ?? 0, points: try points(group.elements, x: x, y: y))
        }
        return Figure.Panel(title: matrices.count == 1 ? "" : titles[matrix.key] ?? "", x: xAxis, y: yAxis, curves: curves)
    }
}

/// The points of the rows that have both values.
private func points(_ rows: [ResultTable.Row], x: String, y: String) throws -> [(x: Double, y: Double)] {
    try rows.compactMap { row in
        guard let x = try row.number(x), let y = try row.number(y) else { return nil }
        return (x, y)
    }
}

func finished(_ figure: Figure, _ table: ResultTable) throws -> Figure {
    var figure = figure
    figure.limitPanels()
    guard figure.dropUnshowable() else { throw table.error("there are no points to show") }
    return figure
}
