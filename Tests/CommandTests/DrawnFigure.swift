import Foundation

/// An SVG by gnuplot, taken apart.
struct DrawnFigure {
    let text: String
    let width: Double
    let height: Double
    private(set) var labels: [Label] = []

    /// A text with the box that it needs at least: estimated from its letters, not by the program's own table.
    struct Label: CustomStringConvertible {
        let text: String
        let size: Double
        let left: Double
        let right: Double
        let top: Double
        let bottom: Double
        /// The same of all of a slanted text, of which the box above holds the end at its tic.
        let canvas: (left: Double, right: Double, top: Double, bottom: Double)

        func overlaps(_ other: Label) -> Bool {
            // Boxes may touch.
            left + 0.5 < other.right && other.left + 0.5 < right && top + 0.5 < other.bottom && other.top + 0.5 < bottom
        }

        var description: String {
            [left, right, top, bottom].map { String(format: "%.1f", $0) }.joined(separator: " ")
        }
    }

    init(_ svg: String) {
        text = svg
        let box = svg.firstMatch(of: /viewBox="0 0 ([0-9]+) ([0-9]+)"/)
        width = box.flatMap { Double($0.1) } ?? 0
        height = box.flatMap { Double($0.2) } ?? 0
        let pattern =
            /<g transform="translate\(([0-9.-]+),([0-9.-]+)\)(?: rotate\(([0-9.-]+)\))?"[^>]*font-size="([0-9.]+)"[^>]*text-anchor="([a-z]+)"[^>]*>\s*<text>(.*?)<\/text>/
            .dotMatchesNewlines()
        for match in svg.matches(of: pattern) {
            let content = DrawnFigure.unescaped(match.6.replacing(/<[^>]*>/, with: ""))
            if content.allSatisfy(\.isWhitespace) { continue }
            let size = Double(match.4) ?? 0
            labels.append(
                DrawnFigure.label(
                    content, x: Double(match.1) ?? 0, y: Double(match.2) ?? 0, angle: match.3.flatMap { Double($0) } ?? 0,
                    size: size, anchor: String(match.5)))
        }
    }

    private static func label(
        _ text: String, x: Double, y: Double, angle: Double, size: Double, anchor: String
    ) -> Label {
        let width = text.reduce(0) { $0 + share($1) } * size
        let start = anchor == "start" ? 0 : anchor == "middle" ? -width / 2 : -width
        // From the letters' height above the base line to what hangs below it.
        let (above, below) = (-0.72 * size, 0.18 * size)
        let turn = angle * .pi / 180
        let corners = [(start, above), (start + width, above), (start, below), (start + width, below)].map {
            (x: x + $0.0 * cos(turn) - $0.1 * sin(turn), y: y + $0.0 * sin(turn) + $0.1 * cos(turn))
        }
        // Slanted labels are parallel to each other, and their boxes would overlap: only their ends count.
        let isSlanted = angle != 0 && abs(angle) != 90
        let points = isSlanted ? [corners[1], corners[3]] : corners
        return Label(
            text: text, size: size, left: points.map(\.x).min() ?? 0, right: points.map(\.x).max() ?? 0,
            top: points.map(\.y).min() ?? 0, bottom: points.map(\.y).max() ?? 0,
            canvas: (
                corners.map(\.x).min() ?? 0, corners.map(\.x).max() ?? 0, corners.map(\.y).min() ?? 0,
                corners.map(\.y).max() ?? 0
            ))
    }

    private static func share(_ letter: Character) -> Double {
        switch letter {
        case "i", "j", "l", ".", ",", ":", ";", "'", "|", "!", " ", "/", "·": 0.33
        case "f", "t", "r", "(", ")", "[", "]", "-": 0.39
        case "m", "w", "M", "W", "%", "@": 0.95
        default: letter.isUppercase ? 0.7 : 0.6
        }
    }

    /// What pointing at something says.
    var notes: [String] { text.matches(of: /<title>(.*?)<\/title>/).map { DrawnFigure.unescaped($0.1) } }

    /// The colors and marks of the elements that are named so, pale ones too.
    func looks(of name: String) -> Set<String> {
        var looks: Set<String> = []
        for element in text.components(separatedBy: "<g id=\"gnuplot_plot_").dropFirst() {
            guard element.contains("<title>\(name)</title>"), let end = element.range(of: "\n\t</g>\n") else { continue }
            for match in element[..<end.lowerBound].matches(of: /xlink:href='#(gpPt[0-9]+)'[^>]*color='rgb\(([0-9, ]+)\)'/) {
                looks.insert("\(match.1) \(match.2.filter { $0 != " " })")
            }
        }
        return looks
    }

    /// The different colors of marks, as red, green and blue up to 255.
    var markColors: [[Double]] {
        Set(text.matches(of: /<use [^>]*color='rgb\(([0-9, ]+)\)'/).map { String($0.1) }).sorted().map {
            $0.split(separator: ",").compactMap { Double($0.filter { $0 != " " }) }
        }
    }

    private static func unescaped(_ text: some StringProtocol) -> String {
        String(text).replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"")
            .replacing("&amp;", with: "&")
    }
}
