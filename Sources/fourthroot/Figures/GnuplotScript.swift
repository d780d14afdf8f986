import Foundation

/// A figure in gnuplot's language.
///
/// Numbers go into data blocks; every text stands in quotes by `quoted`, and without markup unless it is ours.
struct GnuplotScript {
    /// What an element of a plot is, for those who point at it.
    struct Note {
        var title: String
        /// Of its marks in their order; empty where they say nothing.
        var marks: [String] = []
    }

    let figure: Figure
    let layout: FigureLayout
    let format: FigureFormat
    let styles: [SeriesStyle]
    private(set) var text = ""
    /// One for each element of each plot, in order.
    private(set) var notes: [Note] = []
    private var labelCount = 0

    init(_ layout: FigureLayout, format: FigureFormat) {
        self.layout = layout
        self.format = format
        figure = layout.figure
        styles = SeriesStyle.styles(figure.series)
        text += """
            set encoding utf8
            \(format.terminal(width: layout.width, height: layout.height, textSize: layout.lettering.text))
            set multiplot
            unset key
            set border 3 lc rgb '#555555' lw 1
            set tics nomirror out textcolor rgb '#333333'
            set tics font '\(font(layout.lettering.text))'

            """
        for panel in figure.panels.indices { add(panel: panel) }
        text += "unset multiplot\n"
    }

    private mutating func add(panel index: Int) {
        let (panel, place) = (figure.panels[index], layout.panels[index])
        for (position, curve) in panel.curves.enumerated() { addData(curve, position) }
        if !panel.cells.isEmpty { addCells(panel.cells) }
        let frame = place.frame
        text += "set lmargin at screen \(x(frame.left))\nset rmargin at screen \(x(frame.right))\n"
        text += "set bmargin at screen \(y(frame.bottom))\nset tmargin at screen \(y(frame.top))\n"
        text += "unset label\nunset arrow\n"
        labelCount = 0
        if index == 0 { addHeading() }
        addTitle(of: panel, place)
        addAxis(panel.x, place.x, "x", place)
        addAxis(panel.y, place.y, "y", place)
        addTop(panel.top, place)
        if index == 0 { addLegend() }
        if layout.labelsEnds { addEndLabels(panel, place) }
        for cell in panel.cells { addCellText(cell, place) }
        addPlot(of: panel)
    }

    // MARK: Data

    private mutating func addData(_ curve: Figure.Curve, _ position: Int) {
        text += "\(block(curve, position)) << END\n"
        for point in curve.points {
            let range = point.range ?? point.y...point.y
            switch curve.role {
            case .band, .bars: text += "\(point.x) \(range.lowerBound) \(range.upperBound)\n"
            case .main, .line, .marks, .pale, .front: text += "\(point.x) \(point.y)\n"
            }
        }
        text += "END\n"
    }

    private func block(_ curve: Figure.Curve, _ position: Int) -> String {
        switch curve.role {
        case .main, .line: "$curve\(position)"
        case .marks: "$marks\(position)"
        case .pale: "$pale\(position)"
        case .band: "$band\(position)"
        case .bars: "$bars\(position)"
        case .front: "$front\(position)"
        }
    }

    private mutating func addCells(_ cells: [Figure.Cell]) {
        text += "$cells << END\n"
        for cell in cells {
            let color = "0x" + cell.color.dropFirst()
            text += "\(cell.x) \(cell.y) \(cell.x - 0.48) \(cell.x + 0.48) \(cell.y - 0.46) \(cell.y + 0.46) \(color)\n"
        }
        text += "END\n"
    }

    // MARK: Plot

    private mutating func addPlot(of panel: Figure.Panel) {
        var elements: [String] = []
        if !panel.cells.isEmpty {
            elements.append("$cells using 1:2:3:4:5:6:7 with boxxyerror fs solid 1 noborder lc rgb variable notitle")
            notes.append(Note(title: "cells", marks: panel.cells.map(\.note)))
        }
        // From what lies behind to what lies in front.
        let order = panel.curves.indices.sorted { (depth(panel.curves[$0]), $0) < (depth(panel.curves[$1]), $1) }
        for position in order where !panel.curves[position].points.isEmpty {
            let curve = panel.curves[position]
            let label = figure.series[curve.series].label
            elements.append("\(block(curve, position)) using \(drawing(curve)) title \(quoted(label)) noenhanced")
            notes.append(Note(title: title(curve, label), marks: marks(curve)))
        }
        if elements.isEmpty {
            elements = ["NaN notitle"]
            notes.append(Note(title: ""))
        }
        text += "plot " + elements.joined(separator: ", \\\n  ") + "\n"
    }

    private func depth(_ curve: Figure.Curve) -> Int {
        switch curve.role {
        case .band: 0
        case .front: 1
        case .pale: 3
        case .bars: 4
        case .main: figure.series[curve.series].meaning == .reference ? 2 : 5
        case .line: 2
        case .marks: 6
        }
    }

    private func title(_ curve: Figure.Curve, _ label: String) -> String {
        switch curve.role {
        case .main, .line, .marks, .pale: label
        case .band, .bars: "\(label): range"
        case .front: "Pareto front"
        }
    }

    private func marks(_ curve: Figure.Curve) -> [String] {
        let hasMarks =
            switch curve.role {
            case .pale, .marks: true
            case .main: figure.series[curve.series].mark != .line
            case .line, .band, .bars, .front: false
            }
        return hasMarks ? curve.points.map(\.note) : []
    }

    private func drawing(_ curve: Figure.Curve) -> String {
        let style = styles[curve.series]
        let isReference = figure.series[curve.series].meaning == .reference
        let line = "lc rgb '\(style.color)' lw \(isReference ? 2.4 : 1.6) dt \(style.dash)"
        switch curve.role {
        case .band: return "1:2:3 with filledcurves lc rgb '\(style.color)' fs transparent solid \(bandOpacity) noborder"
        case .bars: return "1:2:(0):($3-$2) with vectors nohead lc rgb '\(style.paler(by: 0.35))' lw 1"
        case .front: return "1:2 with steps lc rgb '#CCCCCC' lw 3.5"
        case .pale:
            return "1:2 with points lc rgb '\(style.paler(by: 0.6))' pt \(style.point) ps \(format.pointSize(0.5))"
        case .line: return "1:2 with lines lc rgb '\(style.paler(by: 0.25))' lw 1.1 dt \(style.dash)"
        case .marks: return "1:2 with points lc rgb '\(style.color)' pt \(style.point) ps \(format.pointSize(0.9))"
        case .main: break
        }
        return switch figure.series[curve.series].mark {
        case .line: "1:2 with lines \(line)"
        case .points: "1:2 with points lc rgb '\(style.color)' pt \(style.point) ps \(format.pointSize(0.9))"
        case .linesAndPoints: "1:2 with linespoints \(line) pt \(style.point) ps \(format.pointSize(0.75))"
        }
    }

    /// Many bands over each other must not hide what lies below them.
    private var bandOpacity: Double {
        let count = figure.panels.map { panel in panel.curves.count { $0.role == .band } }.max() ?? 1
        return max(0.05, 0.2 / Double(max(1, count)).squareRoot() / (count > 4 ? 1.6 : 1))
    }

    // MARK: Texts

    enum Side: String { case left, center, right }

    mutating func addText(
        _ written: String, at point: (x: Double, y: Double), _ side: Side = .left, size: Double? = nil,
        color: String = "#222222",
        turned: Int = 0, inFront: Bool = false
    ) {
        labelCount += 1
        let rotation = turned == 0 ? "" : " rotate by \(turned)"
        text +=
            "set label \(labelCount) \(written) at screen \(x(point.x)),\(y(point.y)) \(side.rawValue)\(rotation)"
            + " font '\(font(size ?? layout.lettering.text))' textcolor rgb '\(color)'\(inFront ? " front" : "")\n"
    }

    /// A line with the mark of a series, or what of both it is drawn with.
    mutating func addSample(of series: Int, at point: (x: Double, y: Double)) {
        let (style, mark) = (styles[series], figure.series[series].mark)
        if mark != .points {
            addLine(
                from: point, to: (point.x + FigureLayout.sampleWidth, point.y),
                "lc rgb '\(style.color)' lw 1.6 dt \(style.dash)")
        }
        if mark != .line {
            labelCount += 1
            text +=
                "set label \(labelCount) '' at screen \(x(point.x + FigureLayout.sampleWidth / 2)),\(y(point.y))"
                + " point pt \(style.point) ps \(format.pointSize(0.8)) lc rgb '\(style.color)'\n"
        }
    }

    mutating func addLine(from: (x: Double, y: Double), to: (x: Double, y: Double), _ style: String) {
        text += "set arrow from screen \(x(from.x)),\(y(from.y)) to screen \(x(to.x)),\(y(to.y)) nohead \(style)\n"
    }

    mutating func write(_ line: String) { text += line + "\n" }

    func plain(_ text: String) -> String { "\(quoted(text)) noenhanced" }

    func written(_ text: Figure.Text) -> String {
        switch text {
        // A space behind a raised text is lost in some viewers.
        case .markup(let markup): "\(quoted(markup.replacing("} ", with: "}\u{A0}"))) enhanced"
        case .plain(let text): plain(text)
        }
    }

    func font(_ size: Double) -> String { ",\(format.fontSize(size))" }

    // gnuplot's screen coordinates run from the bottom left.
    private func x(_ pixels: Double) -> Double { pixels / layout.width }
    private func y(_ pixels: Double) -> Double { 1 - pixels / layout.height }
}

/// A text as a string of gnuplot, on one line.
///
/// In single quotes gnuplot expands nothing, but it does not take every doubled quote there for a quote. A text that has one
/// stands in double quotes instead, with its ASCII characters in octal, so that nothing is left to expand. Characters
/// that would end the line, or that XML cannot hold, are replaced.
func quoted(_ text: String) -> String {
    let scalars = printable(text).unicodeScalars
    guard scalars.contains("'") else { return "'\(String(scalars))'" }
    return "\"" + scalars.map { $0.isASCII ? octal($0) : String($0) }.joined() + "\""
}

/// The text with what is no character to be seen replaced.
func printable(_ text: String) -> String {
    let scalars = text.unicodeScalars.map { $0.isPrintable ? $0 : "\u{FFFD}" }
    return String(String.UnicodeScalarView(scalars))
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
