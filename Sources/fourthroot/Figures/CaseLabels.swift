import Foundation
import MatrixCore
import MatrixStudy

/// The words by which the cases of a table are told apart: columns that differ go to the legend, the others to the subtitle.
struct CaseLabels {
    private static let columns = [
        "codebook", "bits", "block", "root_codebook", "root_bits", "root_block", "rectify", "solver", "damping",
        "exponent", "contraction", "reflector_loop", "target_nre", "target_bits_per_entry", "leak",
    ]

    /// How finely a storage keeps what it keeps.
    static let codingColumns: Set<String> = [
        "codebook", "bits", "block", "root_codebook", "root_bits", "root_block", "rectify", "reflector_loop", "target_nre",
        "target_bits_per_entry", "leak",
    ]

    private let varying: [String]
    private let constant: [(column: String, value: String)]

    /// - Parameters:
    ///   - excluded: columns that the figure shows in another way.
    ///   - added: columns of this table alone.
    init(_ rows: [ResultTable.Row], excluding excluded: Set<String> = [], adding added: [String] = []) {
        var varying: [String] = []
        var constant: [(column: String, value: String)] = []
        for column in CaseLabels.columns + added where !excluded.contains(column) {
            // A root's coding is told only where some root has another than its statistic.
            if rows.allSatisfy({ CaseLabels.isStatistics($0, column) }) { continue }
            let values = rows.lazy.map { $0.optionalText(column) }.filter { !$0.isEmpty }.distinct
            if values.count > 1 { varying.append(column) }
            if let only = values.first, values.count == 1 { constant.append((column, only)) }
        }
        self.varying = varying
        self.constant = constant
    }

    /// Equal for the rows of one curve.
    func key(_ row: ResultTable.Row) -> [String] {
        [row.optionalText("statistic"), row.optionalText("root")] + varying.map { row.optionalText($0) }
    }

    func label(_ row: ResultTable.Row) -> String {
        ([CaseLabels.storage(row)] + words(row)).joined(separator: ", ")
    }

    /// The label without the storage.
    func words(_ row: ResultTable.Row) -> [String] {
        varying.filter { !CaseLabels.isStatistics(row, $0) }.compactMap { CaseLabels.words($0, row.optionalText($0)) }
    }

    static func meaning(_ row: ResultTable.Row) -> Figure.Meaning {
        .storage(StorageStyle(statistic: row.optionalText("statistic"), root: row.optionalText("root")))
    }

    /// What all cases share.
    var shared: [String] {
        // The damping 0, no leak, the closed loop and the statistic's own exponent go without saying.
        constant.filter { column, value in
            column != "exponent" && !(["damping", "leak"].contains(column) && Double(value) == 0) && value != "closed"
        }.compactMap { CaseLabels.words($0.column, $0.value) }
    }

    /// Whether a column is of the root's coding, and the root has none or its statistic's.
    private static func isStatistics(_ row: ResultTable.Row, _ column: String) -> Bool {
        guard column.hasPrefix("root_") else { return false }
        let text = row.optionalText(column)
        return text.isEmpty || text == row.optionalText(String(column.dropFirst("root_".count)))
    }

    static func storage(_ row: ResultTable.Row) -> String {
        let (statistic, root) = (row.optionalText("statistic"), row.optionalText("root"))
        if root == "exact" || root.isEmpty { return statistic }
        return statistic == "exact" ? "root \(root)" : "\(statistic)/\(root)"
    }

    private static func words(_ column: String, _ value: String) -> String? {
        if value.isEmpty { return nil }
        return switch column {
        case "bits": "\(value) bits"
        case "block": "block \(value)"
        case "root_codebook": "root's \(value)"
        case "root_bits": "root's \(value) bits"
        case "root_block": "root's block \(value)"
        case "rectify": value == "1" ? "1 Björck step" : "\(value) Björck steps"
        case "solver": "\(value) solver"
        case "damping": "damping \(compact(value))"
        case "exponent": "p = \(compact(value))"
        case "rounding": "\(value) rounding"
        case "contraction": "log2 τ = \(compact(value))"
        case "reflector_loop": "\(value) loop"
        case "target_nre": "to NRE \(compact(value))"
        case "target_bits_per_entry": "to \(compact(value)) bits an entry"
        case "leak": "leak \(compact(value))"
        default: value
        }
    }
}

/// A number without a needless fraction.
func compact(_ value: String) -> String {
    value.hasSuffix(".0") ? String(value.dropLast(2)) : value
}

/// A number to three digits, large ones as 4×10⁴.
func rounded(_ value: Double) -> String {
    guard value.isFinite else { return "∞" }
    guard value >= 1e4 else { return String(format: value < 100 ? "%.3g" : "%.0f", value) }
    let parts = String(format: "%.1e", value).split(separator: "e")
    return compact(String(parts[0])) + "×10" + superscript(parts.last.flatMap { Int($0) } ?? 0)
}

/// A^(-p) in gnuplot's markup; p as a fraction where it is one.
func powerMarkup(exponents: [String]) -> String {
    guard exponents.count == 1, let value = Double(exponents[0]), value > 0 else { return "A^{−p}" }
    if value == 1 { return "A^{−1}" }
    let reciprocal = (1 / value).rounded()
    guard reciprocal <= 1000, abs(reciprocal * value - 1) < 1e-9 else { return "A^{−\(value)}" }
    return "A^{−1/\(Int(reciprocal))}"
}

/// A matrix of a table; its source counts where two have matrices of one name.
struct MatrixName: Hashable {
    private let exactSource: ExactName
    private let exactMatrix: ExactName

    var source: String { exactSource.text }
    var matrix: String { exactMatrix.text }

    init(_ row: ResultTable.Row) throws {
        exactSource = ExactName(row.optionalText("source"))
        exactMatrix = ExactName(try row.text("matrix"))
    }

    static func titles(_ names: [MatrixName]) -> [MatrixName: String] {
        let ambiguous = Set(names.map(\.exactMatrix)).count < names.count
        return Dictionary(uniqueKeysWithValues: names.map { ($0, ambiguous ? "\($0.source): \($0.matrix)" : $0.matrix) })
    }
}
