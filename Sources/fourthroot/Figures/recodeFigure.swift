import MatrixStudy

extension FigureKind {
    static let recode = FigureKind(
        "recode", needs: "the updates of 'fourthroot recode'", fits: { $0.has("update", "statistic_nre") }, figure: recodeFigure
    )

    static let rectification = FigureKind(
        "rectification", needs: "a study of eigenvectors with several numbers of Björck steps",
        fits: { isStudy($0) && $0.values("rectify").count > 2 && $0.values("statistic") == ["eigenvector"] },
        figure: { try studyFigure($0, rectificationFigure) })
}

/// The error of the root in use over the updates of a statistic that is coded anew at each.
@Sendable func recodeFigure(_ table: ResultTable) throws -> Figure {
    let labels = CaseLabels(table.rows, adding: ["rounding", "arithmetic"])
    let power = powerMarkup(exponents: table.rows.map { $0.optionalText("exponent") }.distinct)
    let names = try table.rows.map { try MatrixName($0) }.distinct
    let sweep = Sweep(
        title: .markup("Error of \(power) in use, coded anew at every update"),
        axis: Figure.Axis(label: .plain("update"), isWhole: true), value: { try $0.number("update") },
        layer: Sweep.layer(ofEach: names), labels: labels,
        measures: [.init(column: "nre", axis: Figure.Axis(label: .markup("NRE of \(power)"), isLogarithmic: true))],
        mark: .line,
        panelLimit: 6)
    return try finished(sweepFigure(table.rows, sweep, subtitle: matrixParts(table) + labels.shared), table)
}

/// Errors and angles of eigenvectors against Björck steps, a curve an exponent: what the preset figure3 measures.
///
/// Source: as figure 3 of Wang et al. 2024, whose own measure is that of `orthogonalityFigure`.
func rectificationFigure(_ points: [StudyPoint]) throws -> Figure {
    let rows = points.map(\.row)
    let labels = CaseLabels(rows, excluding: ["rectify"])
    let sweep = Sweep(
        title: .markup("Error of \(points.power) against Björck steps"),
        axis: Figure.Axis(label: .plain("Björck steps"), isWhole: true), value: { try $0.number("rectify") },
        layer: Sweep.layer(ofEach: points.matrices), labels: labels,
        measures: Sweep.rootMeasures(points.power), panelLimit: 6)
    return try sweepFigure(rows, sweep, subtitle: points.subtitleParts(labels))
}
