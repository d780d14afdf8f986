import Files
import Foundation
import MatrixStudy

extension FigureKind {
    static let training = FigureKind(
        "training", needs: "logs of trainings", fits: { $0.has("step", "loss", "validation_loss") }, figure: trainingFigure)
}

/// Loss against the step: of one training its own and its validation loss, of several the mean validation loss of each scheme over
/// the seeds that all of them have, with their range as a band.
///
/// Several trainings are the rows of a column `scheme`, with seeds in a column `seed`, or several logs, named by their files:
/// `NAME-seed0.csv` and `NAME-seed1.csv` are two seeds of `NAME`.
@Sendable func trainingFigure(_ table: ResultTable) throws -> Figure {
    let isSingle = !table.has("scheme") && table.files.count == 1
    return try finished(isSingle ? singleTraining(table) : severalTrainings(table), table)
}

private let stepAxis = Figure.Axis(label: .plain("step"), isWhole: true)

private func singleTraining(_ table: ResultTable) throws -> Figure {
    var panels = [
        Figure.Panel(
            x: stepAxis, y: Figure.Axis(label: .plain("loss")),
            curves: [
                Figure.Curve(series: 0, points: try points(table.rows, x: "step", y: "loss")),
                Figure.Curve(series: 1, points: try points(table.rows, x: "step", y: "validation_loss")),
            ])
    ]
    var series = [
        Figure.Series(label: "training", meaning: .other, mark: .line),
        Figure.Series(label: "validation", meaning: .other, mark: .linesAndPoints),
    ]
    // Where a full-precision statistic was followed: how far the roots in use were from its root.
    let groups = table.header.filter { $0.hasPrefix("nre:") }
    let errors = try groups.map { try points(table.rows, x: "step", y: $0) }.filter { !$0.isEmpty }
    if !errors.isEmpty {
        panels.append(
            Figure.Panel(
                title: "roots in use, by group of parameters", x: stepAxis,
                y: Figure.Axis(label: .plain("NRE"), isLogarithmic: true),
                curves: zip(2..., errors).map { Figure.Curve(series: $0, points: $1) }))
        series += zip(groups, errors).map { name, _ in
            Figure.Series(label: String(name.dropFirst("nre:".count)), meaning: .other, mark: .linesAndPoints)
        }
    }
    return Figure(title: .plain("Loss over a training"), panels: panels, series: series)
}

/// A row of one of several trainings.
private struct Run: Hashable {
    let scheme: String
    let seed: String

    init(_ row: ResultTable.Row) {
        let name = row.optionalText("scheme")
        guard name.isEmpty else {
            (scheme, seed) = (name, row.optionalText("seed"))
            return
        }
        let file = row.file
        if let match = file.firstMatch(of: /[-_. ]?seed[-_ ]?([0-9]+)$/) {
            (scheme, seed) = (String(file[..<match.range.lowerBound]), String(match.1))
        } else {
            (scheme, seed) = (file, row.optionalText("seed"))
        }
    }
}

private func severalTrainings(_ table: ResultTable) throws -> Figure {
    let runs = table.rows.grouped { Run($0) }
    let schemes = runs.grouped { $0.key.scheme }
    let seeds = schemes.map { Set($0.elements.map(\.key.seed)) }
    // Files without seeds are one run each.
    let common = seeds.dropFirst().reduce(seeds[0]) { $0.intersection($1) }
    let hasValidation = try table.rows.contains { try $0.optionalNumber("validation_loss") != nil }
    let column = hasValidation ? "validation_loss" : "loss"
    var notes: [String] = []
    let dropped = runs.map(\.key).filter { !common.contains($0.seed) }.map { "\($0.scheme) seed \($0.seed)" }
    if !dropped.isEmpty { notes.append("left out, for want of the seed in all others: \(dropped.joined(separator: ", "))") }
    var curves: [Figure.Curve] = []
    for (position, scheme) in schemes.enumerated() {
        let shared = scheme.elements.filter { common.contains($0.key.seed) }.flatMap(\.elements)
        let steps = try points(shared, x: "step", y: column).grouped { $0.x }
        let means = steps.map { step -> Figure.Point in
            let values = step.elements.map(\.y)
            let mean = values.reduce(0, +) / Double(values.count)
            let range = (values.min() ?? mean)...(values.max() ?? mean)
            let spread = values.count > 1 ? " (\(brief(range)) over \(values.count) seeds)" : ""
            return Figure.Point(
                x: step.key, y: mean, range: range,
                note: "\(scheme.key), step \(compact("\(step.key)")): \(String(format: "%.4g", mean))\(spread)")
        }
        if common.count > 1 { curves.append(Figure.Curve(series: position, points: means, role: .band)) }
        curves.append(Figure.Curve(series: position, points: means))
    }
    let isLong = curves.contains { $0.points.count > 60 }
    let panel = Figure.Panel(
        x: stepAxis, y: Figure.Axis(label: .plain(hasValidation ? "validation loss" : "loss")), curves: curves)
    let networks = table.rows.map { $0.optionalText("network") }.filter { !$0.isEmpty }.distinct.joined(separator: ", ")
    let what = (hasValidation ? "Validation loss" : "Loss") + (networks.isEmpty ? "" : " of \(networks)")
    return Figure(
        title: .plain("\(what), mean over \(common.count == 1 ? "one seed" : "\(common.count) seeds")"),
        subtitle: common.count > 1 ? "bands: range over the seeds" : "", panels: [panel],
        series: schemes.map {
            Figure.Series(label: $0.key, meaning: meaning(ofScheme: $0.key), mark: isLong ? .line : .linesAndPoints)
        }, notes: notes)
}

/// The storage that a scheme's name begins with, as `eigenvector-4` and `exact exact` do; the names of the published schemes.
func meaning(ofScheme name: String) -> Figure.Meaning {
    let words = name.split(separator: " ").map { String($0) }
    let storages = StorageStyle.colors.map(\.storage)
    if words.count > 1, storages.contains(words[0]) {
        return .storage(StorageStyle(statistic: words[0], root: words[1]))
    }
    if let pair = words.first?.split(separator: "/").map({ String($0) }), pair.count == 2, storages.contains(pair[0]) {
        return .storage(StorageStyle(statistic: pair[0], root: pair[1]))
    }
    let usual = [
        ("32-bit", "exact", "exact"), ("naive", "offdiagonal", "offdiagonal"), ("eigenvector", "eigenvector", "offdiagonal"),
        ("cholesky", "cholesky", "offdiagonal"), ("householder", "householder", "symmetric"),
        ("inverse-root", "inverse-root", "shared"), ("deflated", "deflated", "shared"),
    ]
    if let known = usual.first(where: { name.hasPrefix($0.0) }) {
        return .storage(StorageStyle(statistic: known.1, root: known.2))
    }
    if let storage = storages.first(where: { name.hasPrefix($0) }) {
        return .storage(StorageStyle(statistic: storage, root: ""))
    }
    return .other
}
