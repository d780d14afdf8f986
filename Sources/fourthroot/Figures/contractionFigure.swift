import MatrixStudy

extension FigureKind {
    static let contraction = FigureKind(
        "contraction", needs: "a study with several contractions",
        fits: { isStudy($0) && $0.values("contraction").count > 1 },
        figure: { try studyFigure($0, contractionFigure) })
}

/// Errors and angles against log2 τ, with the condition numbers on top.
///
/// Source: figure 6 of Wang et al. 2024.
func contractionFigure(_ points: [StudyPoint]) throws -> Figure {
    let rows = points.map(\.row)
    let labels = CaseLabels(rows, excluding: ["contraction"])
    let sweep = Sweep(
        title: .markup("Error of \(points.power) as the spectrum of A is contracted"),
        axis: Figure.Axis(label: .plain("log₂ τ")), value: { try $0.number("contraction") },
        layer: Sweep.layer(ofEach: points.matrices), labels: labels,
        measures: Sweep.rootMeasures(points.power), top: { try conditionAxis($0) }, panelLimit: 6)
    return try sweepFigure(rows, sweep, subtitle: points.subtitleParts(labels))
}

/// The condition numbers that belong to the contractions of the tics.
private func conditionAxis(_ rows: [ResultTable.Row]) throws -> Figure.Axis? {
    var conditions: [Double: Double] = [:]
    for row in rows {
        if let x = try row.number("contraction"), let condition = Double(row.optionalText("condition_number")) {
            conditions[x] = condition
        }
    }
    let positions = conditions.keys.sorted()
    guard positions.count > 1 else { return nil }
    let chosen = (0..<5).map { positions[$0 * (positions.count - 1) / 4] }.distinct
    return Figure.Axis(
        label: .plain("condition number"), names: chosen.map { ($0, rounded(conditions[$0] ?? .nan)) })
}
