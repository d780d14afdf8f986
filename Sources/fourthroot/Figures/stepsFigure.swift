import MatrixStudy

extension FigureKind {
    static let steps = FigureKind(
        "steps", needs: "a study of a trainer's dump with several steps",
        fits: { isStudy($0) && Set($0.rows.compactMap { DumpedLayer($0)?.step }).count > 1 },
        figure: { try studyFigure($0, stepsFigure) })
}

/// Cases that one panel shows readably.
private let mostCases = 12

/// Errors and angles over the steps of a training, for each layer.
///
/// Source: figures 7 and 8 of Wang et al. 2024.
func stepsFigure(_ points: [StudyPoint]) throws -> Figure {
    var shown = points
    var notes: [String] = []
    let all = CaseLabels(points.map(\.row))
    let cases = points.grouped { all.key($0.row) }
    if cases.count > mostCases {
        let first = cases.grouped { CaseLabels.storage($0.elements[0].row) }.map { $0.elements[0] }
        shown = first.flatMap(\.elements)
        notes.append("of \(cases.count) cases the figure shows the first of each storage; choose with --where")
    }
    let rows = shown.map(\.row)
    let labels = CaseLabels(rows)
    let sweep = Sweep(
        title: .markup("Error of \(points.power) over a training"),
        axis: Figure.Axis(label: .plain("step"), isWhole: true), value: { DumpedLayer($0).map { Double($0.step) } },
        layer: { DumpedLayer($0)?.layer ?? "" }, labels: labels, measures: Sweep.rootMeasures(points.power))
    var figure = try sweepFigure(rows, sweep, subtitle: labels.shared)
    figure.notes += notes
    return figure
}
