/// A few lines for a terminal: words on the left, numbers on the right.
struct SummaryTable {
    struct Line {
        let label: String
        let numbers: [String]
        /// Told by a star.
        var isBest = false
        /// What the others are compared with, told by its color.
        var isReference = false
    }

    let title: String
    let headings: [String]
    let lines: [Line]

    /// The lines, none longer than the width. Columns of numbers that say nothing are left out, and from the right those that
    /// leave no room for the words.
    func text(width: Int, isColored: Bool) -> String {
        var columns = headings.indices.filter { column in lines.contains { !$0.numbers[column].isEmpty } }
        func room() -> Int { width - columns.reduce(0) { $0 + numberWidth($1) + 2 } }
        while columns.count > 1, room() < SummaryTable.leastLabel { columns.removeLast() }
        let labelWidth = min(max(room(), 0), (lines.map(\.label.count).max() ?? 0) + 2)
        func row(_ label: String, _ numbers: [String]) -> String {
            let words = cut(label, to: labelWidth)
            let padded = columns.map { column in
                String(repeating: " ", count: numberWidth(column) - numbers[column].count + 2) + numbers[column]
            }
            let text = words + String(repeating: " ", count: labelWidth - words.count) + padded.joined()
            return cut(String(text.reversed().drop { $0 == " " }.reversed()), to: width)
        }
        func colored(_ text: String, _ code: String) -> String { isColored ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
        return
            ([colored(cut(title, to: width), "1"), colored(row("", headings), "2")]
            + lines.map { line in
                let text = row((line.isBest ? "* " : "  ") + line.label, line.numbers)
                return line.isReference ? colored(text, "36") : line.isBest ? colored(text, "32") : text
            }).map { $0 + "\n" }.joined()
    }

    private static let leastLabel = 16

    private func numberWidth(_ column: Int) -> Int {
        max(headings[column].count, lines.map { $0.numbers[column].count }.max() ?? 0)
    }
}
