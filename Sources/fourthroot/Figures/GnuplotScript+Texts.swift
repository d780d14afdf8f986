import Foundation

extension GnuplotScript {
    private var line: Double { layout.lettering.line }

    mutating func addHeading() {
        let left = 1.5 * FigureLayout.gap
        var y = FigureLayout.gap
        for title in layout.titleLines {
            y += layout.lettering.titleLine
            let text: Figure.Text =
                if case .markup = figure.title { .markup(title) } else { .plain(title) }
            addText(
                written(text), at: (left, y - layout.lettering.titleLine / 2), size: layout.lettering.title,
                color: "#111111")
        }
        for subtitle in layout.subtitleLines {
            y += line
            addText(plain(subtitle), at: (left, y - line / 2), color: "#555555")
        }
    }

    mutating func addTitle(of panel: Figure.Panel, _ place: FigureLayout.Panel) {
        let top = panel.top == nil ? 0 : 2 * line + FigureLayout.gap
        for (index, title) in place.titleLines.enumerated() {
            let above = Double(place.titleLines.count - index) - 0.5
            addText(
                plain(title), at: (titleLeft(title, place), place.frame.top - top - FigureLayout.gap / 2 - above * line), .left,
                color: "#111111")
        }
    }

    /// Above the left end of the frame, or further left where the title would not fit.
    private func titleLeft(_ title: String, _ place: FigureLayout.Panel) -> Double {
        let width = TextWidth.of(title, size: layout.lettering.text)
        return max(FigureLayout.gap, min(place.frame.left, layout.width - FigureLayout.gap - width))
    }

    // MARK: Axes

    mutating func addAxis(_ axis: Figure.Axis, _ scale: AxisScale, _ name: String, _ place: FigureLayout.Panel) {
        write(scale.isLogarithmic ? "set logscale \(name)" : "unset logscale \(name)")
        write("set \(name)range [\(scale.range.lowerBound):\(scale.range.upperBound)]")
        let isNamed = !axis.names.isEmpty
        let major = scale.labels.map { tic in
            let text = name == "y" && isNamed ? "''" : quoted(format(tic.text))
            return "\(text) \(tic.position) 0"
        }
        let minor = scale.minor.map { "'' \($0) 1" }
        let turn = name == "x" && isNamed ? " rotate by 45 right" : ""
        // gnuplot's own distance between tics and their labels is wide.
        let shift = name == "x" ? " offset 0,\(isNamed ? 0 : 0.5)" : " offset 0.4,0"
        let tics = isNamed ? "scale 0" : "scale \(format.ticScale(0.5)),\(format.ticScale(0.25))"
        write("set \(name)tics noenhanced \(tics)\(turn) \(shift) (\((major + minor).joined(separator: ", ")))")
        let hasGrid = scale.labels.count <= 40 || name == "y"
        write(
            hasGrid && figure.panels.allSatisfy { $0.cells.isEmpty }
                ? "set grid \(name)tics lc rgb '#dddddd' lt 1 lw 0.6" : "set grid no\(name)tics")
        if name == "y" && isNamed { addNames(place) }
        addLabel(of: axis, name, place)
    }

    /// The names at a vertical axis, in one or two lines.
    private mutating func addNames(_ place: FigureLayout.Panel) {
        let frame = place.frame
        for (lines, tic) in zip(place.names, place.y.labels) {
            let middle = frame.bottom - place.y.share(tic.position) * (frame.bottom - frame.top)
            for (index, text) in lines.enumerated() {
                let shift = (Double(index) - Double(lines.count - 1) / 2) * line
                addText(plain(text), at: (frame.left - FigureLayout.gap, middle + shift), .right, color: "#333333")
            }
        }
    }

    /// A label of a tic is a format.
    private func format(_ text: String) -> String { text.replacing("%", with: "%%") }

    private mutating func addLabel(of axis: Figure.Axis, _ name: String, _ place: FigureLayout.Panel) {
        guard !axis.label.reading.isEmpty else { return }
        let frame = place.frame
        if name == "x" {
            let names = axis.names.map { TextWidth.of($0.name, size: layout.lettering.text) }.max()
            let below = (names.map { $0 * FigureLayout.slope + line } ?? line) + FigureLayout.gap + line / 2
            addText(written(axis.label), at: ((frame.left + frame.right) / 2, frame.bottom + below), .center)
        } else {
            let left = frame.left - layout.ticWidth - 2.6 * FigureLayout.gap - line / 2
            addText(written(axis.label), at: (left, (frame.top + frame.bottom) / 2), .center, turned: 90)
        }
    }

    /// The labels of the second axis that have room beside each other, each with a tic.
    mutating func addTop(_ axis: Figure.Axis?, _ place: FigureLayout.Panel) {
        guard let axis else { return }
        let frame = place.frame
        var lastEnd = -Double.infinity
        for (position, name) in axis.names {
            let x = frame.left + place.x.share(position) * (frame.right - frame.left)
            let half = TextWidth.of(name, size: layout.lettering.text) / 2
            guard x - half > lastEnd + FigureLayout.gap, x + half < layout.width else { continue }
            lastEnd = x + half
            addLine(from: (x, frame.top), to: (x, frame.top - 4), "lc rgb '#777777' lw 1")
            addText(plain(name), at: (x, frame.top - FigureLayout.gap - line / 2), .center, color: "#666666")
        }
        addText(
            written(axis.label), at: ((frame.left + frame.right) / 2, frame.top - FigureLayout.gap - 1.5 * line), .center,
            color: "#666666")
    }

    // MARK: Names of series

    mutating func addLegend() {
        for entry in layout.legend {
            let label = figure.series[entry.series].label
            addSample(of: entry.series, at: (entry.x, entry.y))
            let left = entry.x + FigureLayout.sampleWidth + FigureLayout.gap
            addText(
                plain(TextWidth.fitted(label, size: layout.lettering.text, width: layout.width - left - FigureLayout.gap)),
                at: (left, entry.y))
        }
    }

    mutating func addEndLabels(_ panel: Figure.Panel, _ place: FigureLayout.Panel) {
        for entry in EndLabel.labels(panel, place, layout.lettering, names: figure.series.map(\.label)) {
            let leader = "lc rgb '\(styles[entry.series].paler(by: 0.5))' lw 0.6"
            addLine(from: (entry.end.x + 3, entry.end.y), to: (entry.label.x - 2, entry.label.y), leader)
            addSample(of: entry.series, at: entry.label)
            addText(
                plain(figure.series[entry.series].label),
                at: (entry.label.x + FigureLayout.sampleWidth + FigureLayout.gap, entry.label.y))
        }
    }

    /// The number of a cell where it has room.
    mutating func addCellText(_ cell: Figure.Cell, _ place: FigureLayout.Panel) {
        let frame = place.frame
        let unit = (frame.right - frame.left) * (place.x.share(cell.x + 1) - place.x.share(cell.x))
        let size = layout.lettering.text
        guard TextWidth.of(cell.text, size: size) + 3 <= unit else { return }
        let point = (
            x: frame.left + place.x.share(cell.x) * (frame.right - frame.left),
            y: frame.bottom - place.y.share(cell.y) * (frame.bottom - frame.top)
        )
        addText(plain(cell.text), at: point, .center, color: isDark(cell.color) ? "#FFFFFF" : "#111111", inFront: true)
    }
}

/// Whether white letters are read better on a color than black ones.
private func isDark(_ color: String) -> Bool {
    let value = Int(color.dropFirst(), radix: 16) ?? 0
    let luminance = 0.2126 * Double(value >> 16) + 0.7152 * Double(value >> 8 & 0xFF) + 0.0722 * Double(value & 0xFF)
    return luminance < 130
}
