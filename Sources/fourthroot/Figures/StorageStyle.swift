/// The color and the mark by which every figure and report shows a storage: the one table of them.
///
/// The color says what is kept of the statistic, the shape what is kept of the root; a mark is open where the root alone is coded.
/// No two colors of the table come nearer than 14 in CIELAB to eyes without red or green cones (simulated as by Machado,
/// Oliveira and Fernandes 2009).
///
/// Sources: Okabe and Ito, "Color universal design" (2008), its black, orange, sky blue, bluish green, blue, vermillion and
/// reddish purple; Tol, "Colour schemes" (2021), its indigo and darkest red; a gray.
struct StorageStyle: Hashable {
    /// Words of Vega's marks.
    enum Shape: String, CaseIterable {
        case circle, square, diamond
        case triangleUp = "triangle-up"
        case triangleDown = "triangle-down"
    }

    /// As #RRGGBB.
    let color: String
    let shape: Shape
    let isFilled: Bool

    static let colors: [(storage: String, color: String)] = [
        ("exact", "#000000"), ("full", "#6A6A6A"), ("offdiagonal", "#D55E00"), ("symmetric", "#E69F00"),
        ("eigenvector", "#0072B2"), ("householder", "#56B4E9"), ("cholesky", "#CC79A7"), ("ldlt", "#332288"),
        ("inverse-root", "#009E73"), ("deflated", "#661100"),
    ]

    static let shapes: [(root: String, shape: Shape)] = [
        ("exact", .circle), ("full", .triangleDown), ("offdiagonal", .square), ("symmetric", .triangleUp),
        ("shared", .diamond), ("deflated", .diamond),
    ]

    /// For storages that the table does not have: by their names alone, so that they stay the same in all figures.
    private static let otherColors = ["#117733", "#AA4499", "#999933", "#44AA99", "#B8860B"]

    /// - Parameters:
    ///   - statistic: the word of the statistic's storage; empty: exact.
    ///   - root: that of the root; empty: exact.
    init(statistic: String, root: String) {
        let coded = (statistic: statistic.isEmpty ? "exact" : statistic, root: root.isEmpty ? "exact" : root)
        let isRootAlone = coded.statistic == "exact" && coded.root != "exact"
        color = StorageStyle.color(of: isRootAlone ? coded.root : coded.statistic)
        shape = StorageStyle.shape(ofRoot: coded.root)
        isFilled = !isRootAlone
    }

    private static func color(of storage: String) -> String {
        colors.first { $0.storage == storage }?.color ?? otherColors[Int(stableHash(storage) % UInt64(otherColors.count))]
    }

    private static func shape(ofRoot root: String) -> Shape {
        shapes.first { $0.root == root }?.shape ?? Shape.allCases[Int(stableHash(root) % UInt64(Shape.allCases.count))]
    }
}

/// FNV-1a: the same in every run, unlike the standard library's hashes.
func stableHash(_ text: String) -> UInt64 {
    text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
}
