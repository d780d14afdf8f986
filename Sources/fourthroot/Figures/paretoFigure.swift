import MatrixStudy

extension FigureKind {
    static let pareto = FigureKind("pareto", needs: "a study", fits: isStudy) { try studyFigure($0, paretoFigure) }
}

/// One way to keep a matrix, over all matrices that were kept so.
private struct CodedCase {
    let row: ResultTable.Row
    let words: String
    let bits: Double
    let error: Spread
    let matrixCount: Int

    func note(isOnFront: Bool) -> String {
        let errors = matrixCount == 1 ? "" : " (\(brief(error.range)) over \(matrixCount) matrices)"
        return "\(words): \(brief(bits)) bits per entry, NRE \(brief(error.median))\(errors), "
            + (isOnFront ? "on the Pareto front" : "dominated")
    }
}

/// Error against bits per entry: what is dominated pale, the Pareto front behind what is not, a line through the best of each
/// storage; the median over the matrices. A panel for the cases that keep the statistic alone, the root alone, and both: what they cost
/// and what they lose are not to be compared. Shannon's bound beside them, where the rows say how far they are from it.
func paretoFigure(_ all: [StudyPoint]) -> Figure {
    let points = all.comparable
    let matrixCount = points.matrices.count
    let rows = points.map(\.row)
    let labels = CaseLabels(rows)
    let storages = CaseLabels(rows, excluding: CaseLabels.codingColumns)
    var incomplete = 0
    let series = points.grouped { storages.key($0.row) }
    var panels: [Figure.Panel] = []
    var bounds: [Figure.Series] = []
    for (kind, title) in StudyPoint.Kind.allCases.map({ ($0, $0.title) }) {
        let own = points.filter { $0.kind == kind }
        if own.isEmpty { continue }
        let cases = series.enumerated().flatMap { position, group in
            group.elements.filter { $0.kind == kind }.grouped { labels.key($0.row) }.compactMap { coding in
                let found = codedCase(coding.elements, labels, matrixCount)
                if found == nil { incomplete += 1 }
                return found.map { (series: position, element: $0) }
            }
        }
        var curves = frontCurves(cases, hasBars: matrixCount > 1)
        if let bound = boundCurve(points, isPair: kind == .both) {
            bounds = [Figure.Series(label: "Shannon bound", meaning: .reference, mark: .line)]
            curves.append(Figure.Curve(series: series.count, points: bound))
        }
        panels.append(
            Figure.Panel(
                title: title, x: Figure.Axis(label: .plain("bits per entry of an n × n matrix")),
                y: Figure.Axis(label: .markup("NRE of \(points.power)"), isLogarithmic: true), curves: curves))
    }
    if panels.count == 1 { panels[0].title = "" }
    return Figure(
        title: .markup("Error of \(points.power) against memory"),
        subtitle: points.subtitle(labels, many: "median over \(matrixCount) matrices, bars: their range"), panels: panels,
        series: series.map {
            Figure.Series(
                label: storages.label($0.elements[0].row), meaning: CaseLabels.meaning($0.elements[0].row),
                mark: .linesAndPoints)
        } + bounds,
        notes: leftOutNotes(all, points) + incompletenessNotes(incomplete))
}

private func codedCase(_ points: [StudyPoint], _ labels: CaseLabels, _ matrixCount: Int) -> CodedCase? {
    guard let errors = points.errors(over: matrixCount), let spread = Spread(errors) else { return nil }
    return CodedCase(
        row: points[0].row, words: labels.label(points[0].row),
        bits: points.reduce(0) { $0 + $1.bitsPerEntry } / Double(points.count), error: spread, matrixCount: matrixCount)
}

/// The curves of one panel.
private func frontCurves(_ cases: [(series: Int, element: CodedCase)], hasBars: Bool) -> [Figure.Curve] {
    let places = cases.map { (x: $0.element.bits, y: $0.element.error.median) }
    let isOnFront = paretoFront(places)
    func point(_ index: Int) -> Figure.Point {
        let element = cases[index].element
        return Figure.Point(
            x: element.bits, y: element.error.median, range: element.error.range,
            note: element.note(isOnFront: isOnFront[index]))
    }
    let indices = cases.indices.sorted { (places[$0].x, places[$0].y) < (places[$1].x, places[$1].y) }
    var curves: [Figure.Curve] = []
    for series in cases.map(\.series).distinct {
        let own = indices.filter { cases[$0].series == series }
        let best = paretoFront(own.map { places[$0] })
        let line = zip(own, best).filter(\.1).map { point($0.0) }
        curves.append(Figure.Curve(series: series, points: line, role: .line))
        let front = own.filter { isOnFront[$0] }.map { point($0) }
        curves.append(Figure.Curve(series: series, points: own.filter { !isOnFront[$0] }.map { point($0) }, role: .pale))
        curves.append(Figure.Curve(series: series, points: front, role: .marks))
        if hasBars { curves.append(Figure.Curve(series: series, points: front, role: .bars)) }
    }
    if let first = cases.first?.series {
        curves.append(
            Figure.Curve(series: first, points: indices.filter { isOnFront[$0] }.map { point($0) }, role: .front))
    }
    return curves
}

/// Whether each of some points has no other that is nowhere worse and somewhere better; of equal ones, all.
func paretoFront(_ points: [(x: Double, y: Double)]) -> [Bool] {
    let order = points.indices.sorted { (points[$0].x, points[$0].y) < (points[$1].x, points[$1].y) }
    var isOnFront = Array(repeating: false, count: points.count)
    var best: (x: Double, y: Double)?
    for index in order {
        let point = points[index]
        guard let least = best, point.y >= least.y else {
            (best, isOnFront[index]) = (point, true)
            continue
        }
        isOnFront[index] = point == least
    }
    return isOnFront
}

func incompletenessNotes(_ count: Int) -> [String] {
    count == 0 ? [] : ["left out \(count) cases that do not have an error for every matrix"]
}
