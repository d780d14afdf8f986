import Foundation
import MatrixStudy

/// What the figures of a study take from a row.
struct StudyPoint {
    /// Which sides are coded; where both are, or none, `bitsPerEntry` is half of what a matrix takes.
    enum Kind: CaseIterable {
        case statistic, root, both

        var title: String {
            switch self {
            case .statistic: "statistic coded, root exact"
            case .root: "root coded, statistic exact"
            case .both: "statistic and root coded"
            }
        }
    }

    let row: ResultTable.Row
    let matrix: MatrixName
    let contraction: Double?
    let isExact: Bool
    /// Bits per entry of what is coded: of one matrix of n² entries where the other side is exact, else of both.
    let bitsPerEntry: Double
    /// What Shannon's bound takes an n² entry for this error, of all that the case codes; nil where a row does not say.
    let boundBits: Double?
    let kind: Kind
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
        switch exactSides {
        case (false, true):
            (kind, bitsPerEntry) = (.statistic, try 8 * row.requiredNumber("statistic_bytes") / entries)
        case (true, false): (kind, bitsPerEntry) = (.root, try 8 * row.requiredNumber("root_bytes") / entries)
        default: (kind, bitsPerEntry) = (.both, try row.requiredNumber("bits_per_entry"))
        }
        boundBits = try row.optionalNumber("bits_to_bound").map { [bitsPerEntry, kind] distance in
            (kind == .both ? 2 : 1) * bitsPerEntry - distance
        }
        error = try row.number("nre")
        angle = try row.number("angle_degrees")
    }
}

extension [StudyPoint] {
    var power: String { powerMarkup(exponents: map { $0.row.optionalText("exponent") }.distinct) }
    var matrices: [MatrixName] { map(\.matrix).distinct }

    /// The matrix, if it is one, with order and condition number, then what the cases share.
    ///
    /// - Parameter many: what is shown of several matrices.
    func subtitle(_ labels: CaseLabels, many: String = "") -> String {
        (matrices.count == 1 || many.isEmpty ? subtitleParts(labels) : [many] + labels.shared).joined(separator: " · ")
    }

    func subtitleParts(_ labels: CaseLabels) -> [String] {
        guard matrices.count == 1, let row = first?.row else { return labels.shared }
        var parts = [matrices[0].matrix, "n = \(row.optionalText("order"))"]
        if let condition = Double(row.optionalText("condition_number")), contraction == nil {
            parts.append("condition number \(rounded(condition))")
        }
        return parts + labels.shared
    }

    private var contraction: Double? { compactMap(\.contraction).first }

    /// The errors that a logarithm can show; nil where a matrix has none, as the median over some of the matrices would be
    /// compared with medians over all.
    func errors(over matrixCount: Int) -> [Double]? {
        let errors = compactMap(\.error).filter { $0 > 0 }
        return matrices.count == matrixCount && errors.count == count ? errors : nil
    }

    /// Without the matrices of which no case has an error that a logarithm can show: a singular one has none.
    var withErrors: [StudyPoint] {
        let named = Set(filter(\.isShowable).map(\.matrix))
        return filter { named.contains($0.matrix) }
    }

    /// Without the matrices that have the fewest errors, until a case has an error for each of the others: a median over some
    /// matrices says nothing beside one over all.
    var comparable: [StudyPoint] {
        var points = self
        let labels = CaseLabels(map(\.row))
        while true {
            let matrices = points.grouped { $0.matrix }
            let cases = points.grouped { labels.key($0.row) }
            if matrices.count < 2 || cases.contains(where: { $0.elements.errors(over: matrices.count) != nil }) {
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
