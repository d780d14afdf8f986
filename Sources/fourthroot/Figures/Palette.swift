import MatrixStudy

/// How the curves of a figure are told apart.
enum Palette {
    /// Distinct to color-blind eyes too, dark enough on white, black kept for references.
    ///
    /// Source: Okabe and Ito, "Color universal design" (2008), its yellow darkened.
    static let colors = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C7A00"]

    /// gnuplot's point types: filled circle, square, triangle, diamond, reversed triangle, then the open ones.
    static let points = [7, 5, 9, 13, 11, 6, 4, 8, 12, 10]

    /// gnuplot's dash patterns: solid, dashed, dotted, dash-dot, dash-dot-dot.
    static let dashes = ["solid", "(9,4)", "(2,3)", "(9,3,2,3)", "(9,3,2,3,2,3)"]

    struct Style {
        let color: String
        let point: Int
        let dash: String
    }

    /// A color for each family where they are several; within a family dashes and points tell apart.
    static func styles(_ series: [Figure.Series]) -> [Style] {
        let families = series.filter { !$0.isReference }.map(\.family).distinct
        let usesFamilies = families.count > 1 && families.count <= colors.count
        var members: [String: Int] = [:]
        var (position, references) = (-1, 0)
        return series.map { entry in
            if entry.isReference {
                references += 1
                return Style(color: "#000000", point: points[0], dash: dashes[(references - 1) % dashes.count])
            }
            position += 1
            let family = usesFamilies ? families.firstIndex(of: entry.family) ?? 0 : position % colors.count
            let rank = usesFamilies ? members[entry.family, default: 0] : position / colors.count
            members[entry.family, default: 0] += 1
            return Style(
                color: colors[family], point: points[(usesFamilies ? rank : position) % points.count],
                dash: dashes[rank % dashes.count])
        }
    }
}
