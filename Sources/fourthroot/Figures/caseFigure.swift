/// The error of each case on a line of its own, the first on top; a color for each matrix, or the geometric mean where the
/// matrices are more than the colors.
func caseFigure(_ points: [StudyPoint]) -> Figure {
    let labels = CaseLabels(points.map(\.row))
    var groups = points.grouped { labels.key($0.row) }
    var notes: [String] = []
    let largestCount = 60
    if groups.count > largestCount {
        notes.append("the figure shows the first \(largestCount) of \(groups.count) cases")
        groups.removeSubrange(largestCount...)
    }
    let lines = groups.enumerated().map { (height: Double(groups.count - 1 - $0), points: $1.elements) }
    let matrices = points.matrices
    let takesMean = matrices.count > Palette.colors.count
    let curves: [Figure.Curve]
    if takesMean {
        let means = lines.compactMap { line in
            line.points.meanError(over: matrices.count).map { (x: $0, y: line.height) }
        }
        notes += incompletenessNotes(lines.count - means.count)
        curves = [Figure.Curve(series: 0, points: means)]
    } else {
        curves = matrices.enumerated().map { position, matrix in
            let errors = lines.flatMap { line in
                line.points.filter { $0.matrix == matrix }.compactMap { point in point.error.map { (x: $0, y: line.height) } }
            }
            return Figure.Curve(series: position, points: errors)
        }
    }
    let titles = MatrixName.titles(matrices)
    let names = takesMean ? ["geometric mean"] : matrices.map { titles[$0] ?? $0.matrix }
    let power = points.power
    let panel = Figure.Panel(
        x: Figure.Axis(label: .markup("NRE of \(power)"), isLogarithmic: true),
        y: Figure.Axis(
            label: .plain(""), range: -0.6...Double(lines.count) - 0.4,
            names: lines.compactMap { line in line.points.first.map { (line.height, labels.label($0.row)) } }),
        curves: curves)
    return Figure(
        title: .markup("Error of \(power) by storage"), subtitle: points.subtitle(labels, mean: takesMean),
        panels: [panel], series: names.map { Figure.Series(label: $0, family: $0, mark: .points) },
        panelHeight: 40 + 24 * max(lines.count, 4), notes: notes)
}
