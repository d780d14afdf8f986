import Foundation
import MatrixStudy

/// Columns whose names can still be read in a column of a paper.
private let mostColumns = 16

extension FigureKind {
    static let heatMap = FigureKind("heat-map", needs: "a study", fits: isStudy) { try studyFigure($0, heatMapFigure) }
}

/// The error of every storage in every layer, as colors: the last of several steps.
func heatMapFigure(_ all: [StudyPoint]) -> Figure {
    let last = all.compactMap { DumpedLayer($0.row)?.step }.max()
    let points = all.filter { DumpedLayer($0.row)?.step == last }
    let labels = CaseLabels(points.map(\.row))
    let titles = MatrixName.titles(points.matrices)
    let layers = points.grouped { DumpedLayer($0.row)?.layer ?? titles[$0.matrix] ?? $0.matrix.matrix }
    var cases = points.grouped { labels.key($0.row) }
    var notes: [String] = []
    if cases.count > mostColumns {
        cases = cases.grouped { CaseLabels.storage($0.elements[0].row) }.map { $0.elements[0] }
        notes.append("the map shows the first case of each storage; choose with --where")
    }
    let count = min(layers.count, 60)
    if layers.count > count { notes.append("the map shows the first \(count) of \(layers.count) layers; choose with --matrix") }
    // The best storages at the left, by their medians.
    let columns = cases.sorted { middle($0.elements) < middle($1.elements) }
    let names = columns.map { labels.label($0.elements[0].row) }
    let errors = columns.flatMap(\.elements).compactMap(\.error).filter { $0 > 0 }
    let range = log10(errors.min() ?? 1e-3)...max(log10(errors.max() ?? 1), log10(errors.min() ?? 1e-3) + 1e-9)
    var cells: [Figure.Cell] = []
    for (row, layer) in layers[..<count].enumerated() {
        for (column, group) in columns.enumerated() {
            let keys = labels.key(group.elements[0].row)
            let own = layer.elements.filter { labels.key($0.row) == keys }.compactMap(\.error).filter { $0 > 0 }
            guard let spread = Spread(own) else { continue }
            let share = (log10(spread.median) - range.lowerBound) / (range.upperBound - range.lowerBound)
            cells.append(
                Figure.Cell(
                    x: Double(column), y: Double(count - 1 - row), color: heat(share), text: cellText(spread.median),
                    note: "\(layer.key), \(names[column]): NRE \(brief(spread.median))"))
        }
    }
    let panel = Figure.Panel(
        x: Figure.Axis(
            label: .plain(""), range: -0.5...Double(columns.count) - 0.5,
            names: names.enumerated().map { (Double($0), $1) }),
        y: Figure.Axis(
            label: .plain(""), range: -0.5...Double(count) - 0.5,
            names: layers[..<count].enumerated().map { (Double(count - 1 - $0), $1.key) }),
        curves: [], cells: cells)
    let step = last.map { ["step \($0)"] } ?? []
    let scale = "from \(brief(pow(10, range.lowerBound))) (pale) to \(brief(pow(10, range.upperBound))) (dark)"
    return Figure(
        title: .markup("NRE of \(points.power) by layer and storage"),
        subtitle: (step + [scale] + labels.shared).joined(separator: " · "), panels: [panel], series: [], panelLines: count,
        notes: notes)
}

private func middle(_ points: [StudyPoint]) -> Double {
    Spread(points.compactMap(\.error).filter { $0 > 0 })?.median ?? .infinity
}

/// As short as a cell wants it.
private func cellText(_ value: Double) -> String {
    value >= 0.01
        ? String(format: "%.2f", value) : String(format: "%.0e", value).replacing("e-0", with: "e−").replacing("e-", with: "e−")
}

/// From pale yellow by way of green to dark blue: lighter is less, in gray and to color-blind eyes too.
///
/// Source: viridis of matplotlib (van der Walt and Smith 2015) at eight places, its order reversed.
private func heat(_ share: Double) -> String {
    let stops = ["#FDE725", "#A0DA39", "#4AC16D", "#1FA187", "#277F8E", "#365C8D", "#46327E", "#440154"]
    let position = min(max(share, 0), 1) * Double(stops.count - 1)
    let index = min(Int(position), stops.count - 2)
    return mixed(stops[index], stops[index + 1], position - Double(index))
}
