import MatrixStudy

extension FigureKind {
    static let spectrum = FigureKind(
        "spectrum", needs: "singular values, as 'fourthroot spectrum' writes them", fits: { $0.has("singular_value") },
        figure: spectrumFigure)

    static let orthogonality = FigureKind(
        "orthogonality", needs: "mean errors over Björck steps, as 'fourthroot orthogonality' writes them",
        fits: { $0.has("mean_error") }, figure: orthogonalityFigure)

    static let codebook = FigureKind(
        "codebook", needs: "the values of 'fourthroot codebook'", fits: { $0.has("code", "value") }, figure: codebookFigure)

    static let curve = FigureKind(
        "curve", needs: "what 'fourthroot codebook --curve' writes", fits: { $0.has("x", "value") }, figure: codebookCurveFigure
    )
}

/// Singular values against their index, one curve a storage and one panel a matrix.
///
/// Source: figure 2 of Wang et al. 2024.
@Sendable func spectrumFigure(_ table: ResultTable) throws -> Figure {
    let labels = CaseLabels(table.rows)
    let groups = table.rows.grouped { labels.key($0) }
    let series = groups.map { group in
        let row = group.elements[0]
        let isItself = row.optionalText("statistic") == "exact"
        return Figure.Series(
            label: isItself ? "A itself" : labels.label(row), meaning: isItself ? .reference : CaseLabels.meaning(row),
            mark: .line)
    }
    var figure = Figure(
        title: .plain("Singular values of A and of what its storages give back"),
        subtitle: try (matrixParts(table) + labels.shared).joined(separator: " · "), panels: [], series: series)
    figure.panels = try panels(
        of: table, series: groups.map(\.key), key: labels.key, x: "index", y: "singular_value",
        Figure.Axis(label: .plain("index"), isWhole: true),
        Figure.Axis(label: .plain("singular value"), isLogarithmic: true))
    return try finished(figure, table)
}

/// Mean error against Björck steps, one curve an exponent and one panel a matrix.
///
/// Source: figure 3 of Wang et al. 2024.
@Sendable func orthogonalityFigure(_ table: ResultTable) throws -> Figure {
    let coding = CaseLabels(table.rows, excluding: ["exponent"])
    func key(_ row: ResultTable.Row) -> [String] { coding.key(row) + [row.optionalText("exponent")] }
    let groups = table.rows.grouped(by: key)
    let series = groups.map { group in
        let exponent = "s = −\(compact(group.elements[0].optionalText("exponent")))"
        return Figure.Series(
            label: ([exponent] + coding.words(group.elements[0])).joined(separator: ", "), meaning: .other,
            mark: .linesAndPoints)
    }
    var figure = Figure(
        title: .markup("Mean error of (VΛ^{s}V^{T})^{−1/s}·VΛV^{T} against I"),
        subtitle: try (matrixParts(table) + coding.shared).joined(separator: " · "), panels: [], series: series)
    figure.panels = try panels(
        of: table, series: groups.map(\.key), key: key, x: "steps", y: "mean_error",
        Figure.Axis(label: .plain("Björck steps"), isWhole: true),
        Figure.Axis(label: .plain("mean error"), isLogarithmic: true))
    return try finished(figure, table)
}

/// A codebook's values against its codes.
///
/// Source: figure 5 of Wang et al. 2024.
@Sendable func codebookFigure(_ table: ResultTable) throws -> Figure {
    try plainFigure(table, title: "Values of the codebook", x: "code", y: "value", .linesAndPoints)
}

/// x → Q(x), beside x itself.
@Sendable func codebookCurveFigure(_ table: ResultTable) throws -> Figure {
    var figure = try plainFigure(table, title: "What becomes of x in [−1, 1]", x: "x", y: "value", .line)
    figure.series = [
        Figure.Series(label: "x", meaning: .reference, mark: .line), Figure.Series(label: "Q(x)", meaning: .other, mark: .line),
    ]
    let points = figure.panels[0].curves[0].points
    figure.panels[0].curves = [
        Figure.Curve(series: 0, points: points.map { Figure.Point(x: $0.x, y: $0.x) }),
        Figure.Curve(series: 1, points: points),
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
        // Columns that name a storage give it its color.
        let names = Dictionary(zip(columns, group.key), uniquingKeysWith: { first, _ in first })
        let isStorage = names["statistic"] != nil || names["root"] != nil
        let style = StorageStyle(statistic: names["statistic"] ?? "", root: names["root"] ?? "")
        return Figure.Series(label: label, meaning: isStorage ? .storage(style) : .other, mark: .linesAndPoints)
    }
    let figure = Figure(title: .plain("\(y) against \(x)"), panels: [panel], series: series)
    return try finished(figure, table)
}

private func plainFigure(
    _ table: ResultTable, title: String, x: String, y: String, _ mark: Figure.Mark
) throws -> Figure {
    let curve = Figure.Curve(series: 0, points: try points(table.rows, x: x, y: y))
    let panel = Figure.Panel(
        x: Figure.Axis(label: .plain(x)), y: Figure.Axis(label: .plain(y)), curves: [curve])
    return try finished(
        Figure(
            title: .plain(title), panels: [panel], series: [Figure.Series(label: "", meaning: .other, mark: mark)]), table)
}

/// The matrix and its order, if it is one.
func matrixParts(_ table: ResultTable) throws -> [String] {
    let names = try table.rows.map { try MatrixName($0) }.distinct
    return names.count == 1 ? [names[0].matrix, "n = \(table.rows[0].optionalText("order"))"] : []
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
func points(_ rows: [ResultTable.Row], x: String, y: String) throws -> [Figure.Point] {
    try rows.compactMap { row in
        guard let horizontal = try row.number(x), let vertical = try row.number(y) else { return nil }
        return Figure.Point(
            x: horizontal, y: vertical, note: "\(x) \(compact("\(horizontal)")), \(y) \(brief(vertical))")
    }
}

func finished(_ figure: Figure, _ table: ResultTable) throws -> Figure {
    var figure = figure
    figure.limitPanels()
    guard figure.dropUnshowable() else { throw table.error("there are no points to show") }
    return figure
}
