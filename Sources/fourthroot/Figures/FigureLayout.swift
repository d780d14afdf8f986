import Foundation

/// Where the parts of a figure stand, in pixels from the top left; gnuplot's screen coordinates run from the bottom left.
struct FigureLayout {
    /// Characters of a label in the legend or at a tic.
    static let longestLabel = 84

    struct Frame {
        let left: Double
        let right: Double
        let bottom: Double
        let top: Double
    }

    let width: Int
    let height: Int
    private(set) var frames: [Frame] = []
    private let legendLeft: Int
    private let firstLeft: Int
    private let firstTop: Int

    init(_ figure: Figure) {
        let count = figure.panels.count
        let columns = count < 2 ? 1 : count <= 4 ? 2 : 3
        let rows = max(1, (count + columns - 1) / columns)
        let panelWidth = count == 1 ? 620 : columns == 2 ? 440 : 380
        let panelHeight = figure.panelHeight ?? (count == 1 ? max(400, 22 * figure.series.count) : 290)
        let nameLength = figure.panels.flatMap(\.y.names).map { min($0.name.count, FigureLayout.longestLabel) }.max()
        let leftMargin = nameLength.map { 30 + FigureLayout.pixels($0) } ?? 78
        let hasTop = figure.panels.contains { $0.top != nil }
        let head = 64 + (hasTop ? 30 : 0)
        let titleHeight = figure.panels.contains { !$0.title.isEmpty } ? 22 : 0
        let rowGap = 62 + titleHeight + (hasTop ? 34 : 0)
        let longest = figure.series.map { min($0.label.count, FigureLayout.longestLabel) }.max() ?? 0
        let legendWidth = figure.series.count > 1 ? 70 + FigureLayout.pixels(longest) : 20
        firstLeft = leftMargin
        firstTop = head + titleHeight
        legendLeft = leftMargin + columns * panelWidth + (columns - 1) * leftMargin + 18
        width = legendLeft + legendWidth
        let panelsHeight = firstTop + rows * panelHeight + (rows - 1) * rowGap + 62
        height = max(panelsHeight, head + 24 * figure.series.count + 30)
        for panel in 0..<count {
            let left = leftMargin + (panel % columns) * (panelWidth + leftMargin)
            let top = firstTop + (panel / columns) * (panelHeight + rowGap)
            frames.append(
                Frame(
                    left: fraction(left, width), right: fraction(left + panelWidth, width),
                    bottom: 1 - fraction(top + panelHeight, height), top: 1 - fraction(top, height)))
        }
    }

    /// The left end of title and subtitle, and their heights.
    var heading: (x: Double, y: (title: Double, subtitle: Double)) {
        (fraction(20, width), (1 - fraction(22, height), 1 - fraction(44, height)))
    }

    /// Characters of a subtitle that have room.
    var longestSubtitle: Int { width * 2 / 15 }

    /// The legend's top left corner.
    var legend: (x: Double, y: Double) { (fraction(legendLeft, width), 1 - fraction(firstTop - 8, height)) }

    /// The width of so many characters of the small font.
    private static func pixels(_ characters: Int) -> Int { Int((Double(characters) * 7.5).rounded(.up)) }
}

private func fraction(_ part: Int, _ whole: Int) -> Double { Double(part) / Double(whole) }

/// The range of an axis and the places of its tics.
struct AxisScale {
    let isLogarithmic: Bool
    let range: ClosedRange<Double>
    /// nil: gnuplot's choice.
    var tics: [Double]?
    var format: String?

    /// - Parameter values: positive where the axis is logarithmic.
    init(_ axis: Figure.Axis, values: [Double]) {
        let low = values.min() ?? (axis.isLogarithmic ? 0.1 : 0)
        let high = values.max() ?? 1
        if let range = axis.range {
            (isLogarithmic, self.range) = (false, range)
        } else if axis.isLogarithmic {
            isLogarithmic = true
            // A single value gets a decade around it.
            let margin = max((log10(high) - log10(low)) * 0.05, high < 1.2 * low ? 0.3 : 0.02)
            // Inside the normal doubles, whatever a file says.
            let lower = min(max(log10(low) - margin, -307), 307)
            let upper = max(min(log10(high) + margin, 308), lower + 0.5)
            range = pow(10, lower)...pow(10, upper)
            setLogarithmicTics(decades: upper - lower)
        } else {
            isLogarithmic = false
            let margin = high > low ? (high - low) * 0.04 : max(abs(high) * 0.1, 1e-3)
            range = low - margin...high + margin
        }
    }

    private mutating func setLogarithmicTics(decades: Double) {
        let multiples: [Double] =
            switch decades {
            case 2.6...: [1]
            case 1.1...: [1, 2, 5]
            case 0.5...: [1, 2, 3, 4, 5, 6, 8]
            default: [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9]
            }
        let exponents = Int(log10(range.lowerBound).rounded(.down))...Int(log10(range.upperBound).rounded(.up))
        let stride = max(1, Int((decades / 8).rounded(.up)))
        let decadeStarts = exponents.filter { $0 % stride == 0 }.map { pow(10, Double($0)) }
        tics = decadeStarts.flatMap { start in multiples.map { $0 * start } }.filter { range.contains($0) }
        format = decades >= 2.6 ? "10^{%T}" : "%g"
    }
}
