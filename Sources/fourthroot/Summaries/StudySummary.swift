import Foundation
import MatrixStudy

/// What a study comes to: the most accurate storage of each budget of bits, and 4-bit Shampoo beside them.
struct StudySummary {
    private struct Storage {
        let row: [String]
        let label: String
        let bits: Double
        let error: Double
        let worst: Double
        /// Rows whose outcome is another than ok.
        let faults: Int
    }

    private static let budgets = [0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 12, 16, 24, 33]
    private static let longestFront = 6
    private static let longest = 9

    private let cases: CaseRows
    private let storages: [Storage]

    /// nil where no case has an error.
    init?(_ columns: [String], _ rows: [[String]]) {
        let all = CaseRows(columns, rows)
        // One side alone is no storage of a pair: shown where nothing else was studied.
        let pairs = all.rows.filter { all.text("statistic", $0) != "exact" && all.text("root", $0) != "exact" }
        let coded = all.rows.filter { all.text("statistic", $0) != "exact" || all.text("root", $0) != "exact" }
        let cases = CaseRows(columns, pairs.isEmpty ? coded : pairs)
        let groups = cases.grouped().map { group in (group, StudySummary.errors(group, cases)) }
        // A mean over some matrices says nothing beside one over all.
        let most = groups.map(\.1.count).max() ?? 0
        storages = groups.compactMap { group, errors in
            guard errors.count == most, let error = geometricMean(errors) else { return nil }
            let bits = group.map { StudySummary.bits($0, cases) }
            return Storage(
                row: group[0], label: cases.label(group[0]), bits: bits.reduce(0, +) / Double(bits.count), error: error,
                worst: errors.max() ?? error, faults: group.count { cases.text("outcome", $0) != Outcome.ok.rawValue })
        }
        self.cases = cases
        if storages.isEmpty { return nil }
    }

    func text(width: Int, isColored: Bool) -> String {
        let powers = Set(cases.rows.map { cases.text("exponent", $0) }).sorted().map { $0 == "0.25" ? "1/4" : $0 }
        let count = cases.matrixCount
        let front = front
        let lines = shown(beside: front).map { storage in
            SummaryTable.Line(
                label: (isPublished(storage) ? "4-bit Shampoo: " : "") + storage.label,
                numbers: [
                    String(format: "%.2f", storage.bits), threeDigits(storage.error),
                    count == 1 ? "" : threeDigits(storage.worst),
                    storage.faults == 0 ? "" : "\(storage.faults)",
                ], isBest: front.contains { $0.row == storage.row }, isReference: isPublished(storage))
        }
        return SummaryTable(
            title: "NRE of A^(-\(powers.joined(separator: ", "))), "
                + (count == 1 ? "1 matrix" : "mean and worst of \(count) matrices") + "; * best for its bits per entry",
            headings: ["bits", "NRE", "worst", "not ok"], lines: lines
        ).text(width: width, isColored: isColored)
    }

    /// The most accurate storage for each budget, where a larger one buys a smaller error.
    private var front: [Storage] {
        var best: [Storage] = []
        for budget in StudySummary.budgets {
            let affordable = storages.filter { $0.bits <= budget }
            guard let winner = affordable.min(by: { $0.error < $1.error }) else { continue }
            if best.last.map({ winner.error < $0.error }) ?? true { best.append(winner) }
        }
        // What improves least on the one before it goes first.
        while best.count > StudySummary.longestFront {
            let gains = best.indices.dropFirst().dropLast().map { (index: $0, gain: best[$0 - 1].error / best[$0].error) }
            guard let least = gains.min(by: { $0.gain < $1.gain }) else { break }
            best.remove(at: least.index)
        }
        return best
    }

    /// The front, 4-bit Shampoo, and the best of the other kinds of storages while there is room, by their bits.
    private func shown(beside front: [Storage]) -> [Storage] {
        var shown = front
        let published = storages.filter(isPublished).min { $0.error < $1.error }
        if let published, !front.contains(where: { $0.row == published.row }) { shown.append(published) }
        let kinds = Set(shown.map(kind))
        let others = storages.filter { !kinds.contains(kind($0)) }.grouped(by: kind).compactMap { group in
            group.elements.filter { $0.bits <= 5 }.min { $0.error < $1.error } ?? group.elements.min { $0.bits < $1.bits }
        }
        shown += others.sorted { $0.error < $1.error }.prefix(max(0, StudySummary.longest - shown.count))
        return shown.sorted { ($0.bits, $0.error) < ($1.bits, $1.error) }
    }

    private func kind(_ storage: Storage) -> [String] { ["statistic", "root"].map { cases.text($0, storage.row) } }

    private func isPublished(_ storage: Storage) -> Bool {
        let wanted = [
            ("statistic", "eigenvector"), ("root", "offdiagonal"), ("codebook", "linear-2"), ("bits", "4"), ("block", "64"),
        ]
        return wanted.allSatisfy { cases.text($0, storage.row) == $1 }
            && ["", "4"].contains(cases.text("root_bits", storage.row))
    }

    private static func errors(_ group: [[String]], _ cases: CaseRows) -> [Double] {
        group.compactMap { cases.number("nre", $0) }.filter { $0 > 0 && $0.isFinite }
    }

    /// Of what is coded: of one matrix where the other side is exact, else of both.
    private static func bits(_ row: [String], _ cases: CaseRows) -> Double {
        let column =
            cases.text("root", row) == "exact"
            ? "statistic_bits_per_entry"
            : cases.text("statistic", row) == "exact" ? "root_bits_per_entry" : "bits_per_entry"
        return cases.number(column, row) ?? .infinity
    }
}
