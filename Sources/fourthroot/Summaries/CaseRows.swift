import Foundation
import MatrixStudy

/// The rows of a study by the names of their columns.
struct CaseRows {
    /// What the cases of one storage are put through side by side: not the storage's own settings.
    private static let conditions: Set = ["contraction", "damping", "exponent"]
    private static let settings = StudyAxis.all.map(\.column).filter { !conditions.contains($0) }

    let columns: [String: Int]
    let rows: [[String]]

    init(_ columns: [String], _ rows: [[String]]) {
        self.columns = Dictionary(columns.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        self.rows = rows
    }

    func text(_ column: String, _ row: [String]) -> String { columns[column].map { row[$0] } ?? "" }
    func number(_ column: String, _ row: [String]) -> Double? { Double(text(column, row)) }

    /// The rows of each storage, in the order of the study.
    func grouped(adding column: String? = nil) -> [[[String]]] {
        let key = (CaseRows.settings + [column].compactMap(\.self)).compactMap { columns[$0] }
        return rows.grouped { row in key.map { row[$0] } }.map(\.elements)
    }

    /// A storage in few words: its names, its bits, and of its other settings those in which the cases of the study differ.
    func label(_ row: [String]) -> String {
        var words = ["\(text("statistic", row))/\(text("root", row))"]
        let (bits, rootBits) = (text("bits", row), text("root_bits", row))
        if !bits.isEmpty { words.append(rootBits.isEmpty || rootBits == bits ? "\(bits)-bit" : "\(bits)/\(rootBits)-bit") }
        let codebooks = [text("codebook", row), text("root_codebook", row)].filter { !$0.isEmpty }
        if !codebooks.isEmpty, varies("codebook") || codebooks.distinct.count > 1 {
            words.append(codebooks.distinct.joined(separator: "/"))
        }
        for column in varying where !text(column, row).isEmpty { words.append("\(CaseRows.word(column)) \(text(column, row))") }
        return words.joined(separator: ", ")
    }

    private var varying: [String] {
        let told: Set = ["statistic", "root", "bits", "root_bits", "codebook", "root_codebook", "root_block"]
        return (CaseRows.settings + ["rounding"]).filter { !told.contains($0) && varies($0) }
    }

    private func varies(_ column: String) -> Bool {
        guard let position = columns[column] else { return false }
        return Set(rows.lazy.map { $0[position] }.filter { !$0.isEmpty }).count > 1
    }

    private static func word(_ column: String) -> String {
        switch column {
        case "target_bits_per_entry": "budget"
        case "target_nre": "aim"
        default: column.replacing("_", with: " ")
        }
    }

    var matrixCount: Int { Set(rows.map { [text("source", $0), text("matrix", $0)] }).count }
}

/// The geometric mean of errors; nil of none, and of one that is zero.
func geometricMean(_ errors: [Double]) -> Double? {
    guard !errors.isEmpty, errors.allSatisfy({ $0 > 0 }) else { return nil }
    return exp(errors.reduce(0) { $0 + log($1) } / Double(errors.count))
}

/// A number in three digits, as a person reads it.
func threeDigits(_ value: Double) -> String { String(format: "%#.3g", value) }
