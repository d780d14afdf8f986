import Foundation
import MatrixStudy

/// What a study of recoding comes to: each pair behind the last update.
struct RecodeSummary {
    private let cases: CaseRows
    private let last: Int

    /// nil where no pair has an error.
    init?(_ columns: [String], _ rows: [[String]]) {
        let all = CaseRows(columns, rows)
        last = rows.compactMap { Int(all.text("update", $0)) }.max() ?? 0
        let end = "\(last)"
        cases = CaseRows(columns, rows.filter { all.text("update", $0) == end })
        if !cases.rows.contains(where: { cases.number("nre", $0) != nil }) { return nil }
    }

    func text(width: Int, isColored: Bool) -> String {
        let pairs = cases.grouped(adding: "rounding").compactMap { group -> (line: SummaryTable.Line, error: Double)? in
            func mean(_ column: String) -> Double? { geometricMean(group.compactMap { cases.number(column, $0) }) }
            guard let error = mean("nre") else { return nil }
            let bits = group.compactMap { cases.number("bits_per_entry", $0) }
            let line = SummaryTable.Line(
                label: cases.label(group[0]),
                numbers: [
                    bits.isEmpty ? "" : String(format: "%.2f", bits.reduce(0, +) / Double(bits.count)),
                    mean("statistic_nre").map(threeDigits) ?? "", threeDigits(error),
                ])
            return (line, error)
        }
        let matrices = cases.matrixCount
        return SummaryTable(
            title: "Errors (NRE) of statistic and root behind update \(last): "
                + (matrices == 1 ? "1 matrix" : "geometric mean over \(matrices) matrices"),
            headings: ["bits", "statistic", "root"], lines: pairs.sorted { $0.error < $1.error }.prefix(9).map(\.line)
        ).text(width: width, isColored: isColored)
    }
}
