import MatrixStudy

/// How a series of a figure is drawn: storages by the table of their styles, equal ones told apart by dashes.
struct SeriesStyle {
    /// As #RRGGBB.
    let color: String
    let shape: StorageStyle.Shape
    let isFilled: Bool
    /// gnuplot's dash pattern.
    let dash: String

    /// For what is no storage. Okabe and Ito's colors without yellow.
    private static let colors = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6A6A6A"]
    /// For the same beside storages, whose colors they must not have.
    private static let otherColors = ["#999999", "#117733", "#AA4499", "#999933"]
    private static let dashes = ["solid", "(9,4)", "(2,3)", "(9,3,2,3)", "(9,3,2,3,2,3)", "(14,4)", "(4,4)"]

    static func styles(_ series: [Figure.Series]) -> [SeriesStyle] {
        var members: [Figure.Meaning: Int] = [:]
        let hasStorages = series.contains { if case .storage = $0.meaning { true } else { false } }
        let others = hasStorages ? otherColors : colors
        let shapes = hasStorages ? StorageStyle.Shape.allCases.reversed() : StorageStyle.Shape.allCases
        return series.map { entry in
            let rank = members[entry.meaning, default: 0]
            members[entry.meaning] = rank + 1
            switch entry.meaning {
            case .storage(let style):
                // Marks alone have no dashes to be told apart by.
                let isPaler = entry.mark == .points && rank > 0 && !entry.label.isEmpty
                let color = isPaler ? mixed(style.color, "#FFFFFF", min(0.35 * Double(rank), 0.7)) : style.color
                return SeriesStyle(color: color, shape: style.shape, isFilled: style.isFilled, dash: dash(rank))
            case .reference:
                return SeriesStyle(color: "#000000", shape: .circle, isFilled: true, dash: dash(rank))
            case .other:
                return SeriesStyle(
                    color: others[rank % others.count], shape: shapes[rank % shapes.count], isFilled: true,
                    dash: dash(rank / others.count))
            }
        }
    }

    private static func dash(_ rank: Int) -> String { dashes[rank % dashes.count] }

    /// gnuplot's number of the mark.
    var point: Int {
        switch shape {
        case .circle: isFilled ? 7 : 6
        case .square: isFilled ? 5 : 4
        case .diamond: isFilled ? 13 : 12
        case .triangleUp: isFilled ? 9 : 8
        case .triangleDown: isFilled ? 11 : 10
        }
    }

    /// The color so much nearer to white.
    func paler(by share: Double) -> String { mixed(color, "#FFFFFF", share) }
}

/// A color between two, as #RRGGBB.
func mixed(_ first: String, _ second: String, _ share: Double) -> String {
    let (a, b) = (components(first), components(second))
    return "#" + zip(a, b).map { hexadecimal(Int(($0 + ($1 - $0) * share).rounded())) }.joined()
}

private func components(_ color: String) -> [Double] {
    let value = Int(color.dropFirst(), radix: 16) ?? 0
    return [value >> 16, value >> 8 & 0xFF, value & 0xFF].map { Double($0) }
}

private func hexadecimal(_ value: Int) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return digits.count < 2 ? "0" + digits : digits
}
