import ArgumentParser

/// A length on paper.
struct PageLength: ExpressibleByArgument {
    /// As CSS counts them: 96 an inch.
    let pixels: Double
    /// With its unit, as SVG takes it.
    let text: String

    private static let units: [(name: String, pixels: Double)] = [
        ("mm", 96 / 25.4), ("cm", 96 / 2.54), ("in", 96), ("pt", 96.0 / 72), ("px", 1),
    ]

    /// A number with a unit; without one it is inches.
    init?(argument: String) {
        let unit = PageLength.units.first { argument.hasSuffix($0.name) }
        let digits = argument.dropLast(unit?.name.count ?? 0)
        guard digits.allSatisfy({ $0.isNumber || $0 == "." }), let number = Double(digits) else { return nil }
        pixels = number * (unit?.pixels ?? 96)
        guard PageLength.range.contains(pixels) else { return nil }
        text = "\(digits)\(unit?.name ?? "in")"
    }

    /// From 40 mm to 1 m.
    private static let range: ClosedRange<Double> = 151...3780
}

/// The size that a figure is asked to have; nil: what its content needs.
struct PageSize {
    var width: PageLength?
    var height: PageLength?
}

/// The sizes of a figure's letters, in pixels: in a column of a paper hardly smaller than on a page, where 9.4 are 7 points.
struct Lettering {
    let title: Double
    let text: Double

    init(width: Double) {
        (title, text) = width < 480 ? (11.5, 9.4) : width < 640 ? (13, 10) : (15, 11)
    }

    /// The height of a line of text.
    var line: Double { (text * 1.3).rounded() }
    var titleLine: Double { (title * 1.35).rounded() }
}
