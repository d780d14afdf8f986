import Foundation
import MatrixStudy

/// What the figures of a study take from a row.
struct StudyPoint {
    let row: ResultTable.Row
    let matrix: MatrixName
    let contraction: Double?
    let isExact: Bool
    /// Bits per entry of what is coded: of one matrix of n² entries where the other side is exact, else of both.
    let bitsPerEntry: Double
    /// What Shannon's bound takes an n² entry for this error, of all that the case codes; nil where a row does not say.
    let boundBits: Double?
    /// Whether statistic and root are kept, so that `bitsPerEntry` is half of what a matrix takes.
    let isPair: Bool
    /// Of the statistic and of the root, and those that are aimed at.
    let bits: [String]
    let block: [String]
    let error: Double?
    let angle: Double?
    /// Whether a logarithm can show its error.
    var isShowable: Bool { (error ?? 0) > 0 }

    init(_ row: ResultTable.Row) throws {
        self.row = row
        matrix = try MatrixName(row)
        contraction = try row.number("contraction")
        let exactSides = try (row.text("statistic") == "exact", row.text("root") == "exact")
        isExact = exactSides.0 && exactSides.1
        let order = try row.positiveNumber("order")
        let entries = order * order
        isPair = exactSides == (false, false)
        switch exactSides {
        case (false, true): bitsPerEntry = try 8 * row.requiredNumber("statistic_bytes") / entries
        case (true, false): bitsPerEntry = try 8 * row.requiredNumber("root_bytes") / entries
        default: bitsPerEntry = try row.requiredNumber("bits_per_entry")
        }
        boundBits = try row.optionalNumber("bits_to_bound").map { [bitsPerEntry, isPair] distance in
            (isPair ? 2 : 1) * bitsPerEntry - distance
        }
        bits = [
            try row.text("bits"), row.optionalText("root_bits"), row.optionalText("target_nre"),
            row.optionalText("target_bits_per_entry"),
        ]
        block = [try row.text("block"), row.optionalText("root_block")]
        error = try row.number("nre")
        angle = try row.number("angle_degrees")
    }
}

extension [StudyPoint] {
    var power: String { powerMarkup(exponents: map { $0.row.optionalText("exponent") }.distinct) }
    var matrices: [MatrixName] { map(\.matrix).distinct }

    /// The matrix, if it is one, with order and condition number, then what the cases share.
    func subtitle(_ labels: CaseLabels, mean: Bool = false) -> String {
        var parts: [String] = []
        if matrices.count == 1, let row = first?.row {
            parts.append(shortened(matrices[0].matrix, to: 60))
            parts.append("n = \(row.optionalText("order"))")
            if let condition = Double(row.optionalText("condition_number")), contraction == nil {
                parts.append("condition number \(rounded(condition))")
            }
        } else if mean {
            parts.append("geometric mean over \(matrices.count) matrices")
        }
        return (parts + labels.shared).joined(separator: " · ")
    }

    private var contraction: Double? { compactMap(\.contraction).first }

    /// The geometric mean of the errors; nil where a matrix has none, as a mean over some of the matrices would be compared
    /// with means over all.
    func meanError(over matrixCount: Int) -> Double? {
        let errors = compactMap(\.error).filter { $0 > 0 }
        guard matrices.count == matrixCount, errors.count == count else { return nil }
        // exp(log(x)) is not always x.
        if count == 1 { return errors[0] }
        return exp(errors.reduce(0) { $0 + log($1) } / Double(count))
    }

    /// Without the matrices of which no case has an error that a logarithm can show: a singular one has none.
    var withErrors: [StudyPoint] {
        let named = Set(filter(\.isShowable).map(\.matrix))
        return filter { named.contains($0.matrix) }
    }

    /// Without the matrices that have the fewest errors, until a case has an error for each of the others: a mean over some
    /// matrices says nothing beside one over all.
    var comparable: [StudyPoint] {
        var points = self
        let labels = CaseLabels(map(\.row))
        while true {
            let matrices = points.grouped { $0.matrix }
            let cases = points.grouped { labels.key($0.row) }
            if matrices.count < 2 || cases.contains(where: { $0.elements.meanError(over: matrices.count) != nil }) {
                return points
            }
            let fewest = matrices.min { $0.elements.count(where: \.isShowable) < $1.elements.count(where: \.isShowable) }
            points.removeAll { $0.matrix == fewest?.key }
        }
    }
}

/// The matrices that a figure does not show, for standard error.
func leftOutNotes(_ all: [StudyPoint], _ shown: [StudyPoint]) -> [String] {
    let kept = Set(shown.map(\.matrix))
    let left = all.matrices.filter { !kept.contains($0) }.map(\.matrix)
    return left.isEmpty ? [] : ["left out, for want of errors to show (is it singular?): \(left.joined(separator: ", "))"]
}
