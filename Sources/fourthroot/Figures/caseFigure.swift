/// The cases of one line of the figure.
private typealias CaseLine = (height: Double, points: [StudyPoint])

/// The error of each case on a line of its own, the first on top; a color for each matrix, or the geometric mean where the
/// matrices are more than the colors.
func caseFigure(_ all: [StudyPoint]) -> Figure {
    let takesMean = all.matrices.count > Palette.colors.count
    let points = takesMean ? all.comparable : all
    let labels = CaseLabels(points.map(\.row))
    let groups = points.grouped { labels.key($0.row) }
    let count = min(groups.count, 60)
    let lines = groups[..<count].enumerated().map { (height: Double(count - 1 - $0), points: $1.elements) }
    let matrices = points.matrices
    let titles = MatrixName.titles(matrices)
    let names = takesMean ? ["geometric mean"] : matrices.map { titles[$0] ?? $0.matrix }
    let power = points.power
    let panel = Figure.Panel(
        x: Figure.Axis(label: .markup("NRE of \(power)"), isLogarithmic: true),
        y: Figure.Axis(
            label: .plain(""), range: -0.6...Double(count) - 0.4,
            names: lines.compactMap { line in line.points.first.map { (line.height, labels.label($0.row)) } }),
        curves: takesMean
            ? [Figure.Curve(series: 0, points: meanErrors(lines, matrixCount: matrices.count))]
            : matrices.enumerated().map { Figure.Curve(series: $0, points: errors(lines, of: $1)) })
    var notes = leftOutNotes(all, points)
    if groups.count > count { notes.append("the figure shows the first \(count) of \(groups.count) cases") }
    if takesMean { notes += incompletenessNotes(count - panel.curves[0].points.count) }
    return Figure(
        title: .markup("Error of \(power) by storage"), subtitle: points.subtitle(labels, mean: takesMean),
        panels: [panel], series: names.map { Figure.Series(label: $0, family: $0, mark: .points) },
        panelHeight: 40 + 24 * max(count, 4), notes: notes)
}

private func meanErrors(_ lines: [CaseLine], matrixCount: Int) -> [(x: Double, y: Double)] {
    lines.compactMap { line in line.points.meanError(over: matrixCount).map { (x: $0, y: line.height) } }
}

private func errors(_ lines: [CaseLine], of matrix: MatrixName) -> [(x: Double, y: Double)] {
    lines.flatMap { line in
        line.points.filter { $0.matrix == matrix }.compactMap { point in point.error.map { (x: $0, y: line.height) } }
    }
}
