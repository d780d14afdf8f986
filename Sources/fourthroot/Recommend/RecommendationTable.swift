import Files
import Foundation
import MatrixStudy

/// A recommendation as lines for a reader.
struct RecommendationTable {
    private let recommendation: Recommendation
    /// All that were chosen from: a label says in what they differ.
    private let candidates: CaseRows

    init(_ recommendation: Recommendation, from rows: [StudyRow]) {
        self.recommendation = recommendation
        candidates = CaseRows(StudyRow.columns, rows.map(\.fields))
    }

    var text: String {
        let lines = recommendation.choices.map { choice in
            [
                printableText(choice.unit.name),
                candidates.label(choice.option.row.fields) + (choice.isEnough ? "" : " (not enough)"),
                String(format: "%.2f", choice.bitsPerEntry), "\(choice.option.bytes)", threeDigits(choice.option.worstError),
            ]
        }
        let total = [
            counted(recommendation.choices.count, "parameter"), "",
            String(format: "%.2f", recommendation.bitsPerEntry), "\(recommendation.bytes)",
            threeDigits(recommendation.worstError),
        ]
        let table = [["parameter", "storage", "bits", "bytes", "NRE"]] + lines + [total]
        return RecommendationTable.aligned(table, numbers: 2) + closing
    }

    private var closing: String {
        let share = 100 * Double(recommendation.bytes) / Double(recommendation.exactBytes)
        let saved = String(format: "%.3g", share) + " % of \(recommendation.exactBytes) bytes in float32"
        guard let least = recommendation.leastSquaredErrors else { return saved + "\n" }
        let sum = "sum of NRE² \(threeDigits(recommendation.squaredErrors))"
        return saved + "; \(sum), "
            + (recommendation.isProvenBest ? "the least that there is" : "at least \(threeDigits(least)) for any choice") + "\n"
    }

    /// Columns side by side; those from `numbers` on stand on the right.
    private static func aligned(_ rows: [[String]], numbers: Int) -> String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                return column < numbers ? row[column] + space : space + row[column]
            }
            return cells.joined(separator: "  ") + "\n"
        }.joined()
    }
}
