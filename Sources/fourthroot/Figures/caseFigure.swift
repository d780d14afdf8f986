import MatrixStudy

extension FigureKind {
    static let cases = FigureKind("cases", needs: "a study", fits: isStudy) { try studyFigure($0, caseFigure) }
}

/// Whether the cases are those of the preset figure2.
private func isFigure2(_ points: [StudyPoint]) -> Bool {
    Set(points.map { $0.row.optionalText("statistic") }) == ["full", "offdiagonal", "eigenvector"]
        && Set(points.map { $0.row.optionalText("rectify") }) == ["", "0", "1"]
        && Set(points.map { $0.row.optionalText("root") }) == ["exact"]
}

/// The error of each case on a line of its own, the first on top: the median over the matrices in the storage's color, with their range,
/// and the single matrices pale.
func caseFigure(_ all: [StudyPoint]) -> Figure {
    let points = all
    let labels = CaseLabels(points.map(\.row))
    let groups = points.grouped { labels.key($0.row) }
    let count = min(groups.count, 70)
    let lines = groups[..<count].enumerated().map { (height: Double(count - 1 - $0), points: $1.elements) }
    let matrixCount = points.matrices.count
    let power = points.power
    let styles = lines.map { CaseLabels.meaning($0.points[0].row) }.distinct
    var curves: [Figure.Curve] = []
    var incomplete = 0
    for line in lines {
        let series = styles.firstIndex(of: CaseLabels.meaning(line.points[0].row)) ?? 0
        let label = labels.label(line.points[0].row)
        let errors = line.points.compactMap { point in point.error.map { (value: $0, matrix: point.matrix.matrix) } }
        if matrixCount > 1 {
            curves.append(
                Figure.Curve(
                    series: series,
                    points: errors.map {
                        Figure.Point(x: $0.value, y: line.height, note: "\(label), \($0.matrix): NRE \(brief($0.value))")
                    }, role: .pale))
        }
        guard let complete = line.points.errors(over: matrixCount) ?? (matrixCount == 1 ? errors.map(\.value) : nil),
            let spread = Spread(complete)
        else {
            incomplete += 1
            continue
        }
        let range = matrixCount > 1 ? " (\(brief(spread.range)) over \(matrixCount) matrices)" : ""
        curves.append(
            Figure.Curve(
                series: series,
                points: [Figure.Point(x: spread.median, y: line.height, note: "\(label): NRE \(brief(spread.median))\(range)")])
        )
    }
    let panel = Figure.Panel(
        x: Figure.Axis(label: .markup("NRE of \(power)"), isLogarithmic: true),
        y: Figure.Axis(
            label: .plain(""), range: -0.6...Double(count) - 0.4,
            names: lines.map { ($0.height, labels.label($0.points[0].row)) }),
        curves: curves)
    var notes: [String] = []
    if groups.count > count { notes.append("the figure shows the first \(count) of \(groups.count) cases") }
    if incomplete > 0, matrixCount > 1 {
        notes.append("\(incomplete) cases have no median: they do not have an error for every matrix")
    }
    if isFigure2(points) {
        notes.append("the singular values of figure 2 are not in a study: 'fourthroot spectrum' writes them")
    }
    return Figure(
        title: .markup("Error of \(power) by storage"),
        subtitle: points.subtitle(labels, many: "median over \(matrixCount) matrices, pale: each of them"), panels: [panel],
        series: styles.map { Figure.Series(label: "", meaning: $0, mark: .points) }, panelLines: count, notes: notes)
}
