import Foundation
import MatrixStudy

/// The figure of a study's CSV.
///
/// Over contractions where the study has several of them; against bits per entry where a storage occurs with several bits, or
/// with several blocks and the same bits throughout; else case by case.
/// The rows with both sides exact are left out where there are others: they measure the reference, not a storage.
///
/// - Throws: `StatusError`.
func studyFigure(_ table: ResultTable) throws -> Figure {
    let cases = try table.rows.map { try StudyPoint($0) }
    let coded = cases.filter { !$0.isExact }
    let all = coded.isEmpty ? cases : coded
    let shown = all.withErrors
    guard !shown.isEmpty else { throw table.error("no case of it has an error that a logarithm can show") }
    var figure: Figure
    if Set(shown.compactMap(\.contraction)).count > 1 {
        figure = contractionFigure(shown)
    } else {
        let sweep = Set(shown.map(\.bits)).count > 1 ? BitsSweep(points: \.bits) : BitsSweep(points: \.block)
        let labels = CaseLabels(shown.map(\.row), excluding: sweep.columns)
        let hasCurves = shown.grouped { labels.key($0.row) }.contains {
            Set($0.elements.map { $0[keyPath: sweep.points] }).count > 1
        }
        figure = hasCurves ? bitsFigure(shown, sweep, labels) : caseFigure(shown)
    }
    figure.notes += leftOutNotes(all, shown)
    figure.limitPanels()
    guard figure.dropUnshowable() else { throw table.error("no case of it has an error that a logarithm can show") }
    return figure
}

/// Error and angle against log2 τ, as figure 6 of Wang et al. 2024; for several matrices the error alone, one panel each.
private func contractionFigure(_ points: [StudyPoint]) -> Figure {
    let labels = CaseLabels(points.map(\.row), excluding: ["contraction"])
    let groups = points.grouped { labels.key($0.row) }
    let titles = MatrixName.titles(points.matrices)
    let isSingle = points.matrices.count == 1
    let power = points.power
    var panels: [Figure.Panel] = []
    for matrix in points.matrices {
        let measures: [(KeyPath<StudyPoint, Double?>, Figure.Axis)] = [
            (\.error, Figure.Axis(label: .markup("NRE of \(power)"), isLogarithmic: true)),
            (\.angle, Figure.Axis(label: .markup("angle of \(power) in degrees"))),
        ]
        for (measure, axis) in isSingle ? measures : [measures[0]] {
            let curves = groups.enumerated().map { series, group in
                Figure.Curve(series: series, points: curve(group.elements.filter { $0.matrix == matrix }, measure))
            }
            panels.append(
                Figure.Panel(
                    title: isSingle ? "" : titles[matrix] ?? matrix.matrix,
                    x: Figure.Axis(label: .markup("log_2 τ")), y: axis,
                    top: conditionAxis(points.filter { $0.matrix == matrix }), curves: curves))
        }
    }
    return Figure(
        title: .markup("Error of \(power) as the spectrum of A is contracted"), subtitle: points.subtitle(labels),
        panels: panels, series: groups.map { series(labels, $0.elements[0], .linesAndPoints) })
}

private func curve(_ points: [StudyPoint], _ measure: KeyPath<StudyPoint, Double?>) -> [(x: Double, y: Double)] {
    points.compactMap { point in
        guard let x = point.contraction, let y = point[keyPath: measure] else { return nil }
        return (x, y)
    }.sorted { $0.x < $1.x }
}

/// The condition numbers that belong to five of the contractions.
private func conditionAxis(_ points: [StudyPoint]) -> Figure.Axis? {
    var conditions: [Double: Double] = [:]
    for point in points {
        if let x = point.contraction, let condition = Double(point.row.optionalText("condition_number")) {
            conditions[x] = condition
        }
    }
    let positions = conditions.keys.sorted()
    guard positions.count > 1 else { return nil }
    let chosen = (0..<5).map { positions[$0 * (positions.count - 1) / 4] }.distinct
    return Figure.Axis(
        label: .plain("condition number"), names: chosen.map { ($0, rounded(conditions[$0] ?? .nan)) })
}

func series(_ labels: CaseLabels, _ point: StudyPoint, _ mark: Figure.Mark) -> Figure.Series {
    Figure.Series(label: labels.label(point.row), family: point.row.optionalText("statistic"), mark: mark)
}

/// What varies along a curve of errors against bits per entry.
private struct BitsSweep {
    let points: KeyPath<StudyPoint, [String]>

    var columns: Set<String> {
        points == \.bits ? ["bits", "root_bits", "target_nre", "target_bits_per_entry"] : ["block", "root_block"]
    }
}

/// Error against bits per entry, the bits or blocks of one storage joined; the geometric mean over the matrices. Shannon's bound
/// beside them, where the rows say how far they are from it.
private func bitsFigure(_ all: [StudyPoint], _ sweep: BitsSweep, _ labels: CaseLabels) -> Figure {
    let points = all.comparable
    let groups = points.grouped { labels.key($0.row) }
    let matrixCount = points.matrices.count
    var incomplete = 0
    let storages = groups.enumerated().map { position, group in
        let means = group.elements.grouped { $0[keyPath: sweep.points] }.compactMap { coding -> (x: Double, y: Double)? in
            guard let error = coding.elements.meanError(over: matrixCount) else {
                incomplete += 1
                return nil
            }
            return (coding.elements.reduce(0) { $0 + $1.bitsPerEntry } / Double(coding.elements.count), error)
        }
        return Figure.Curve(series: position, points: means.sorted { $0.x < $1.x })
    }
    let bounds = boundCurves(points)
    let power = points.power
    let panel = Figure.Panel(
        x: Figure.Axis(label: .plain("bits per entry of an n × n matrix, everything counted")),
        y: Figure.Axis(label: .markup("NRE of \(power)"), isLogarithmic: true),
        curves: storages + bounds.enumerated().map { Figure.Curve(series: groups.count + $0, points: $1.points) })
    return Figure(
        title: .markup("Error of \(power) against memory"), subtitle: points.subtitle(labels, mean: true),
        panels: [panel], series: groups.map { series(labels, $0.elements[0], .linesAndPoints) } + bounds.map(\.series),
        notes: leftOutNotes(all, points) + incompletenessNotes(incomplete))
}

func incompletenessNotes(_ count: Int) -> [String] {
    count == 0 ? [] : ["left out \(count) cases that do not have an error for every matrix"]
}
