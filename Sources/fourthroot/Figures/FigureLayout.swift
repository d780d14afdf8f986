import Foundation

/// Where the parts of a figure stand, in pixels from the top left.
struct FigureLayout {
    struct Frame {
        var left = 0.0
        var right = 0.0
        var top = 0.0
        var bottom = 0.0
    }

    /// A panel with its axes and the lines of its texts.
    struct Panel {
        var frame = Frame()
        var titleLines: [String] = []
        var x: AxisScale
        var y: AxisScale
        /// Lines of the names at the vertical axis.
        var names: [[String]] = []
    }

    /// Between parts, and around all.
    static let gap = 6.0
    /// Of names at 45 degrees: the share of their width that they take along either axis.
    static let slope = 0.72
    /// The line with its mark that stands before a label.
    static let sampleWidth = 20.0

    let figure: Figure
    let lettering: Lettering
    let width: Double
    private(set) var height = 0.0
    private(set) var titleLines: [String] = []
    private(set) var subtitleLines: [String] = []
    private(set) var panels: [Panel] = []
    /// Whether the series are named where their curves end; else in a legend below.
    private(set) var labelsEnds = false
    private(set) var legend: [(series: Int, x: Double, y: Double)] = []

    /// The width of the widest text at a vertical axis.
    private(set) var ticWidth = 0.0

    private var columns = 1
    private var leftMargin = 0.0
    private var rightMargin = 0.0
    private let page: PageSize

    /// - Throws: `StatusError` where the height asked for does not hold the content.
    init(_ figure: Figure, page: PageSize) throws {
        self.figure = figure
        self.page = page
        width = page.width?.pixels ?? FigureLayout.naturalWidth(figure)
        lettering = Lettering(width: width)
        // Markup breaks at spaces alone, which are not within its braces.
        titleLines = TextWidth.lines(figure.title.reading, size: lettering.title, width: width - 3 * FigureLayout.gap)
        if case .markup(let markup) = figure.title { titleLines = FigureLayout.broken(markup, like: titleLines) }
        subtitleLines = FigureLayout.packed(figure.subtitle, size: lettering.text, width: width - 3 * FigureLayout.gap)
        chooseColumns()
        try place()
    }

    private static func naturalWidth(_ figure: Figure) -> Double {
        switch figure.panels.count {
        case 1: 760
        case 2, 4: 920
        default: 1000
        }
    }

    /// The parts of a subtitle in lines: a part begins on a new line rather than being broken.
    private static func packed(_ subtitle: String, size: Double, width: Double) -> [String] {
        var lines: [String] = []
        for part in subtitle.components(separatedBy: " · ") where !part.isEmpty {
            if let last = lines.last, TextWidth.of("\(last) · \(part)", size: size) <= width {
                lines[lines.count - 1] = "\(last) · \(part)"
            } else {
                lines += TextWidth.lines(part, size: size, width: width, most: 3)
            }
        }
        return lines
    }

    /// The words of a text with markup on as many lines as the same text without it takes.
    private static func broken(_ markup: String, like lines: [String]) -> [String] {
        var words = markup.split(separator: " ")[...]
        let counts = lines.map { $0.split(separator: " ").count }
        guard counts.reduce(0, +) == words.count else { return [markup] }
        return counts.map { count in
            defer { words = words.dropFirst(count) }
            return words.prefix(count).joined(separator: " ")
        }
    }

    // MARK: Widths

    /// As many columns as leave every panel room for its content, the names of the series beside it where they have room.
    private mutating func chooseColumns() {
        let most = max(1, min(figure.panels.count == 4 ? 2 : 3, figure.panels.count))
        let least = width < 480 ? 150.0 : 190
        // Many panels below each other are further from each other than names from their curves.
        let several = figure.panels.count > 2 ? 2...max(2, most) : 1...most
        let wide = several.reversed().filter { $0 <= most }
        let candidates = wide.map { ($0, true) } + wide.map { ($0, false) } + [(1, true), (1, false)]
        for (count, atEnds) in candidates {
            columns = count
            labelsEnds = atEnds
            let fits = setMargins(cell: cellWidth)
            if fits, cellWidth - leftMargin - rightMargin >= least { return }
        }
    }

    private var cellWidth: Double { (width - 2 * FigureLayout.gap) / Double(columns) }

    /// - Returns: whether the names of the series have room at their ends, where they are wanted there.
    private mutating func setMargins(cell: Double) -> Bool {
        let labels = figure.series.filter { !$0.label.isEmpty }
        let widest = labels.map { TextWidth.of($0.label, size: lettering.text) }.max() ?? 0
        let labelWidth = widest + FigureLayout.sampleWidth + 4 * FigureLayout.gap
        ticWidth = widestTic(cell: cell)
        leftMargin = ticWidth + lettering.line + 2.6 * FigureLayout.gap
        if figure.panels.allSatisfy({ $0.y.label.reading.isEmpty }) { leftMargin -= lettering.line }
        rightMargin = labelsEnds ? labelWidth : 3 * FigureLayout.gap
        leftMargin = max(leftMargin, roomForTurnedNames(cell: cell))
        let areFew = Double(largestLabelCount) * lettering.line <= naturalPanelHeight * 1.3
        let areLines = figure.panels.allSatisfy { $0.y.names.isEmpty && $0.cells.isEmpty }
        return !labelsEnds || figure.series.count > 1 && areLines && areFew && labelWidth < cell * 0.45
    }

    /// The left margin that names along the horizontal axis need, which end below their tics and begin further left.
    private func roomForTurnedNames(cell: Double) -> Double {
        let needs = figure.panels.flatMap { panel in
            panel.x.names.enumerated().map { index, name in
                let part = (Double(index) + 0.5) / Double(panel.x.names.count)
                let reach = TextWidth.of(name.name, size: lettering.text) * FigureLayout.slope + FigureLayout.gap
                return (reach - part * (cell - rightMargin)) / (1 - part)
            }
        }
        return needs.max() ?? 0
    }

    /// Labels beside one panel.
    private var largestLabelCount: Int {
        figure.panels.map { panel in Set(panel.curves.filter { [.main, .line].contains($0.role) }.map(\.series)).count }.max()
            ?? 0
    }

    private func widestTic(cell: Double) -> Double {
        let widths = figure.panels.map { panel in
            if !panel.y.names.isEmpty {
                let widest = panel.y.names.map { TextWidth.of($0.name, size: lettering.text) }.max() ?? 0
                return min(widest + 1, nameWidth(cell: cell))
            }
            return yScale(panel, height: naturalPanelHeight).labels.map { TextWidth.of($0.text, size: lettering.text) }.max()
                ?? 0
        }
        return widths.max() ?? 0
    }

    private func nameWidth(cell: Double) -> Double { cell * (width < 480 ? 0.42 : 0.48) }

    // MARK: Heights

    private var naturalPanelHeight: Double {
        if let lines = figure.panelLines { return Double(max(lines, 3)) * nameLine }
        let isNarrow = width < 480
        if figure.panels.count == 1 { return isNarrow ? 210 : 360 }
        return isNarrow ? 150 : columns < 3 ? 230 : 200
    }

    /// A line of a panel whose height is counted in them; in a narrow one a name takes two.
    private var nameLine: Double {
        let widest = figure.panels.flatMap(\.y.names).map { TextWidth.of($0.name, size: lettering.text) }.max() ?? 0
        return lettering.line * (widest > nameWidth(cell: cellWidth) ? 2.1 : 1.35)
    }

    private mutating func place() throws {
        let cell = cellWidth
        let content = cell - leftMargin - rightMargin
        let rows = (figure.panels.count + columns - 1) / columns
        var layouts = figure.panels.map { panel in
            Panel(
                titleLines: panel.title.isEmpty
                    ? [] : TextWidth.lines(panel.title, size: lettering.text, width: cell - 2 * FigureLayout.gap, most: 2),
                x: xScale(panel, width: content), y: yScale(panel, height: naturalPanelHeight))
        }
        let titleRows = layouts.map(\.titleLines.count).max() ?? 0
        let hasTop = figure.panels.contains { $0.top != nil }
        let above = Double(titleRows) * lettering.line + (hasTop ? 2 * lettering.line + FigureLayout.gap : 0) + FigureLayout.gap
        let below = bottomMargin(cell: content)
        let head =
            1.5 * FigureLayout.gap + Double(titleLines.count) * lettering.titleLine + Double(subtitleLines.count)
            * lettering.line
        let legendHeight = placeLegend()
        let fixed = head + Double(rows) * (above + below) + legendHeight + FigureLayout.gap
        let labels = labelsEnds ? Double(largestLabelCount) * lettering.line : 0
        var panelHeight = max(naturalPanelHeight, labels)
        if let asked = page.height?.pixels {
            panelHeight = (asked - fixed) / Double(rows)
            let least = max(60, labels, figure.panelLines.map { Double($0) * nameLine * 0.8 } ?? 0)
            guard panelHeight >= least else {
                let needed = Int((fixed + Double(rows) * least).rounded(.up))
                throw StatusError.usage(
                    "--height \(page.height?.text ?? ""): the figure needs \(Int((Double(needed) * 25.4 / 96).rounded(.up)))mm at this width"
                )
            }
        }
        height = page.height?.pixels ?? (fixed + Double(rows) * panelHeight).rounded(.up)
        for index in layouts.indices {
            let left = FigureLayout.gap + Double(index % columns) * cell + leftMargin
            let top = head + Double(index / columns) * (above + below + panelHeight) + above
            layouts[index].frame = Frame(left: left, right: left + content, top: top, bottom: top + panelHeight)
            layouts[index].y = yScale(figure.panels[index], height: panelHeight)
            layouts[index].names = figure.panels[index].y.names.map {
                TextWidth.lines($0.name, size: lettering.text, width: nameWidth(cell: cell), most: 2)
            }
        }
        panels = layouts
        let legendTop = height - legendHeight - FigureLayout.gap / 2
        for index in legend.indices { legend[index].y += legendTop }
    }

    private func bottomMargin(cell: Double) -> Double {
        let names = figure.panels.flatMap(\.x.names).map { TextWidth.of($0.name, size: lettering.text) }.max()
        let hasLabel = figure.panels.contains { !$0.x.label.reading.isEmpty }
        let labels = names.map { $0 * FigureLayout.slope + lettering.line } ?? lettering.line
        return labels + (hasLabel ? lettering.line : 0) + 2.2 * FigureLayout.gap
    }

    /// Puts the entries of the legend into rows.
    ///
    /// - Returns: their height; the entries count from the legend's top.
    private mutating func placeLegend() -> Double {
        let entries = figure.series.indices.filter { !figure.series[$0].label.isEmpty }
        guard !labelsEnds, figure.series.count > 1, !entries.isEmpty else { return 0 }
        var (x, y) = (2 * FigureLayout.gap, lettering.line / 2)
        for entry in entries {
            let room = FigureLayout.sampleWidth + FigureLayout.gap
            let own =
                room + min(TextWidth.of(figure.series[entry].label, size: lettering.text), width - room - 4 * FigureLayout.gap)
            if x + own > width - FigureLayout.gap, x > 3 * FigureLayout.gap {
                (x, y) = (2 * FigureLayout.gap, y + lettering.line * 1.15)
            }
            legend.append((entry, x, y))
            x += own + 3 * FigureLayout.gap
        }
        return y + lettering.line
    }

    // MARK: Scales

    private func xScale(_ panel: Figure.Panel, width: Double) -> AxisScale {
        let values = panel.curves.flatMap { $0.points.map(\.x) }
        // A trial without regard to the labels' widths says how wide they are.
        let trial = AxisScale(panel.x, values: values, length: width, room: 40)
        let widest = trial.labels.map { TextWidth.of($0.text, size: lettering.text) }.max() ?? 0
        return AxisScale(panel.x, values: values, length: width, room: widest + 2 * FigureLayout.gap)
    }

    private func yScale(_ panel: Figure.Panel, height: Double) -> AxisScale {
        let values = panel.curves.flatMap { curve in
            curve.points.flatMap {
                [$0.y]
                    + ([.band, .bars].contains(curve.role) ? [$0.range?.lowerBound ?? $0.y, $0.range?.upperBound ?? $0.y] : [])
            }
        }
        return AxisScale(panel.y, values: values, length: height, room: lettering.line * 1.7)
    }
}
