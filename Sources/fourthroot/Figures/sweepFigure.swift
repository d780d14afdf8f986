import MatrixStudy

/// What a figure shows along a horizontal axis: the errors of cases over contractions, steps of a training, updates or Björck steps.
struct Sweep {
    let title: Figure.Text
    let axis: Figure.Axis
    let value: (ResultTable.Row) throws -> Double?
    /// The panel of a row, by its title.
    let layer: (ResultTable.Row) throws -> String
    let labels: CaseLabels
    /// Those of one layer, a panel each; of several layers the first one alone.
    var measures: [Measure]
    var mark = Figure.Mark.linesAndPoints
    /// A second axis on top of a panel, from its rows.
    var top: ([ResultTable.Row]) throws -> Figure.Axis? = { _ in nil }
    /// Layers with a panel each; more of them share one.
    var panelLimit = 12

    struct Measure {
        let column: String
        let axis: Figure.Axis
    }

    /// A panel a matrix, by its title; of one matrix a panel without.
    static func layer(ofEach matrices: [MatrixName]) -> (ResultTable.Row) throws -> String {
        let titles = matrices.count == 1 ? [:] : MatrixName.titles(matrices)
        return { titles[try MatrixName($0)] ?? "" }
    }

    /// The errors of a root as the papers show them.
    static func rootMeasures(_ power: String) -> [Measure] {
        [
            Measure(column: "nre", axis: Figure.Axis(label: .markup("NRE of \(power)"), isLogarithmic: true)),
            Measure(column: "angle_degrees", axis: Figure.Axis(label: .plain("angle in degrees"))),
            Measure(column: "nre_offdiagonal", axis: Figure.Axis(label: .plain("NRE off the diagonal"), isLogarithmic: true)),
            Measure(
                column: "angle_offdiagonal_degrees", axis: Figure.Axis(label: .plain("angle off the diagonal in degrees"))),
        ]
    }
}

/// A curve for every case along the axis of a sweep: of one layer a panel a measure, of several a panel each, of many their
/// median with the middle half of them as a band.
func sweepFigure(_ rows: [ResultTable.Row], _ sweep: Sweep, subtitle: [String]) throws -> Figure {
    let groups = rows.grouped { sweep.labels.key($0) }
    let layers = try rows.grouped { try sweep.layer($0) }
    var figure = Figure(
        title: sweep.title, panels: [],
        series: groups.map {
            Figure.Series(
                label: sweep.labels.label($0.elements[0]), meaning: CaseLabels.meaning($0.elements[0]), mark: sweep.mark)
        }, panelLimit: sweep.panelLimit)
    var parts = subtitle
    let positions = Dictionary(uniqueKeysWithValues: groups.enumerated().map { ($1.key, $0) })
    func panel(_ rows: [ResultTable.Row], _ measure: Sweep.Measure, title: String) throws -> Figure.Panel {
        let curves = try rows.grouped { sweep.labels.key($0) }.flatMap { group in
            try medianCurves(group.elements, sweep, measure, series: positions[group.key] ?? 0)
        }
        return Figure.Panel(title: title, x: sweep.axis, y: measure.axis, top: try sweep.top(rows), curves: curves)
    }
    if layers.count == 1 {
        let shown = try sweep.measures.filter { measure in try rows.contains { try $0.optionalNumber(measure.column) != nil } }
        figure.panels = try (shown.isEmpty ? [sweep.measures[0]] : shown).map { try panel(rows, $0, title: "") }
        if !layers[0].key.isEmpty { parts.insert(layers[0].key, at: 0) }
    } else if layers.count <= sweep.panelLimit {
        figure.panels = try layers.map { try panel($0.elements, sweep.measures[0], title: $0.key) }
        figure.shareHeights()
    } else {
        figure.panels = [try panel(rows, sweep.measures[0], title: "")]
        parts.insert("median over \(layers.count) layers, band: the middle half of them", at: 0)
        figure.notes.append("more than \(sweep.panelLimit) layers share one panel; choose with --matrix for a panel each")
    }
    figure.subtitle = parts.joined(separator: " · ")
    return figure
}

/// The median of a case's rows at every place, and where there are several the middle half of them.
private func medianCurves(
    _ rows: [ResultTable.Row], _ sweep: Sweep, _ measure: Sweep.Measure, series: Int
) throws -> [Figure.Curve] {
    let values = try rows.compactMap { row -> (x: Double, y: Double)? in
        guard let x = try sweep.value(row), let y = try row.optionalNumber(measure.column) else { return nil }
        // What a logarithm cannot show is counted as left out, and has no place in a median.
        return (x, y)
    }
    let label = rows.first.map { sweep.labels.label($0) } ?? ""
    let points = values.grouped { $0.x }.compactMap { place -> Figure.Point? in
        guard let spread = Spread(place.elements.map(\.y)) else { return nil }
        let range = place.elements.count > 1 ? " (\(brief(spread.quartiles)))" : ""
        return Figure.Point(
            x: place.key, y: spread.median, range: spread.quartiles,
            note: "\(label), \(sweep.axis.label.reading) \(compact("\(place.key)")): \(brief(spread.median))\(range)")
    }.sorted { $0.x < $1.x }
    let hasBand = Set(values.map(\.x)).count < values.count
    return [Figure.Curve(series: series, points: points)]
        + (hasBand ? [Figure.Curve(series: series, points: points, role: .band)] : [])
}
