import Foundation

/// A figure in gnuplot's language.
///
/// Numbers go into data blocks; every text stands in quotes by `quoted`, and without markup unless it is ours.
struct GnuplotScript {
    private let figure: Figure
    private let layout: FigureLayout
    private let styles: [Palette.Style]
    private(set) var text = ""

    init(_ figure: Figure, format: FigureFormat) {
        self.figure = figure
        layout = FigureLayout(figure)
        styles = Palette.styles(figure.series)
        text += """
            set encoding utf8
            \(format.terminal(width: layout.width, height: layout.height))
            set multiplot
            set border 3 lc rgb '#555555' lw 1
            set grid lc rgb '#dddddd' lt 1 lw 0.6
            set tics nomirror scale 0.5 textcolor rgb '#333333'
            set tics font ',11'

            """
        for panel in figure.panels.indices { add(panel: panel) }
        text += "unset multiplot\n"
    }

    private mutating func add(panel index: Int) {
        let panel = figure.panels[index]
        for (curve, data) in panel.curves.enumerated() where !data.points.isEmpty {
            text += "$curve\(curve) << END\n"
            for point in data.points { text += "\(point.x) \(point.y)\n" }
            text += "END\n"
        }
        let frame = layout.frames[index]
        text += "set lmargin at screen \(frame.left)\nset rmargin at screen \(frame.right)\n"
        text += "set bmargin at screen \(frame.bottom)\nset tmargin at screen \(frame.top)\n"
        text += "set title \(quoted(shortened(panel.title, to: 52))) noenhanced font ',12' offset 0,-0.4\n"
        addHeadings(isFirst: index == 0)
        add(panel.x, "x", of: panel.curves.flatMap { $0.points.map(\.x) })
        add(panel.y, "y", of: panel.curves.flatMap { $0.points.map(\.y) })
        addTop(panel.top)
        addPlot(of: panel, withLegend: index == 0)
    }

    private mutating func addHeadings(isFirst: Bool) {
        guard isFirst else {
            text += "unset label\nunset key\n"
            return
        }
        let (x, y) = layout.heading
        let (keyX, keyY) = layout.legend
        let subtitle = quoted(shortened(figure.subtitle, to: layout.longestSubtitle))
        text += """
            set label 1 \(written(figure.title)) at screen \(x),\(y.title) left font ',16' textcolor rgb '#111111'
            set label 2 \(subtitle) noenhanced at screen \(x),\(y.subtitle) left font ',11' textcolor rgb '#555555'
            set key at screen \(keyX),\(keyY) left top Left reverse samplen 3 spacing 1.15 maxcols 1 noenhanced font ',11'

            """
    }

    private mutating func add(_ axis: Figure.Axis, _ name: String, of values: [Double]) {
        text += "set \(name)label \(written(axis.label)) font ',12' textcolor rgb '#333333'\n"
        let scale = AxisScale(axis, values: values)
        text += scale.isLogarithmic ? "set logscale \(name)\n" : "unset logscale \(name)\n"
        text += "set \(name)range [\(scale.range.lowerBound):\(scale.range.upperBound)]\n"
        text += scale.format.map { "set format \(name) '\($0)'\n" } ?? "set format \(name) '%g'\n"
        if !axis.names.isEmpty {
            text += "set \(name)tics noenhanced (\(labels(axis.names)))\n"
        } else if let tics = scale.tics {
            text += "set \(name)tics enhanced (\(tics.map { "\($0)" }.joined(separator: ", ")))\n"
        } else {
            text += "set \(name)tics enhanced autofreq\n"
        }
    }

    private mutating func addTop(_ axis: Figure.Axis?) {
        guard let axis else {
            text += "unset x2tics\nunset x2label\n"
            return
        }
        text += "set link x2\nset x2tics noenhanced (\(labels(axis.names))) font ',10' textcolor rgb '#777777' offset 0,-0.3\n"
        text += "set x2label \(written(axis.label)) font ',10' textcolor rgb '#777777' offset 0,-0.9\n"
    }

    private mutating func addPlot(of panel: Figure.Panel, withLegend: Bool) {
        var elements: [String] = []
        if withLegend && figure.series.count > 1 {
            for (position, series) in figure.series.enumerated() {
                elements.append(
                    "NaN \(style(position)) title \(quoted(shortened(series.label, to: FigureLayout.longestLabel)))")
            }
        }
        // References are drawn first, under the others.
        let order = panel.curves.indices.sorted { isReference(panel, $0) && !isReference(panel, $1) }
        for curve in order where !panel.curves[curve].points.isEmpty {
            elements.append("$curve\(curve) using 1:2 \(style(panel.curves[curve].series)) notitle")
        }
        if elements.isEmpty { elements = ["NaN notitle"] }
        text += "plot " + elements.joined(separator: ", \\\n  ") + "\n"
    }

    private func isReference(_ panel: Figure.Panel, _ curve: Int) -> Bool {
        figure.series[panel.curves[curve].series].isReference
    }

    private func style(_ series: Int) -> String {
        let style = styles[series]
        let line = "lc rgb '\(style.color)' lw 1.6 dt \(style.dash)"
        return switch figure.series[series].mark {
        case .line: "with lines \(line)"
        case .points: "with points lc rgb '\(style.color)' pt \(style.point) ps 0.9"
        case .linesAndPoints: "with linespoints \(line) pt \(style.point) ps 0.8"
        }
    }

    private func labels(_ names: [(position: Double, name: String)]) -> String {
        // A label of a tic is a format.
        names.map { "\(quoted(shortened($0.name, to: FigureLayout.longestLabel).replacing("%", with: "%%"))) \($0.position)" }
            .joined(separator: ", ")
    }

    private func written(_ text: Figure.Text) -> String {
        switch text {
        case .markup(let markup): "\(quoted(markup)) enhanced"
        case .plain(let plain): "\(quoted(shortened(plain, to: 110))) noenhanced"
        }
    }
}

/// A text as a string of gnuplot, on one line.
///
/// In single quotes gnuplot expands nothing, but it does not take every doubled quote there for a quote. A text that has one
/// stands in double quotes instead, with its ASCII characters in octal, so that nothing is left to expand. Characters
/// that would end the line, or that XML cannot hold, are replaced.
func quoted(_ text: String) -> String {
    let scalars = text.unicodeScalars.map { $0.isPrintable ? $0 : "\u{FFFD}" }
    guard scalars.contains("'") else { return "'\(String(String.UnicodeScalarView(scalars)))'" }
    return "\"" + scalars.map { $0.isASCII ? octal($0) : String($0) }.joined() + "\""
}

private func octal(_ scalar: Unicode.Scalar) -> String { String(format: "\\%03o", scalar.value) }

extension Unicode.Scalar {
    fileprivate var isPrintable: Bool {
        // U+FFFE, U+FFFF and their like in the other planes are no characters.
        properties.generalCategory != .control && self != "\u{2028}" && self != "\u{2029}" && value & 0xFFFE != 0xFFFE
    }
}

/// The text with its middle replaced by an ellipsis where it is too long.
func shortened(_ text: String, to length: Int) -> String {
    guard text.count > length else { return text }
    let head = (length - 1) / 2
    return text.prefix(head) + "…" + text.suffix(length - 1 - head)
}
