/// What a figure shows, without how it is drawn.
struct Figure {
    /// A text of ours may hold gnuplot's markup; one with words of the user must not.
    enum Text {
        case markup(String)
        case plain(String)

        /// What is to be read, without the signs of the markup.
        var reading: String {
            switch self {
            case .markup(let text): text.replacing("^{", with: "^(").replacing("}", with: ")").replacing("_", with: "")
            case .plain(let text): text
            }
        }
    }

    struct Axis {
        enum Unit { case none, bytes, seconds }

        var label: Text
        var isLogarithmic = false
        /// nil: what the points span.
        var range: ClosedRange<Double>?
        /// Labelled positions in place of numbers.
        var names: [(position: Double, name: String)] = []
        /// Whether only whole numbers mean something.
        var isWhole = false
        var unit = Unit.none
    }

    struct Point {
        var x: Double
        var y: Double
        /// Of several matrices or seeds.
        var range: ClosedRange<Double>?
        /// What the mark says when it is pointed at.
        var note = ""
    }

    struct Curve {
        enum Role {
            /// As its series is drawn.
            case main
            /// As its series is drawn, without marks.
            case line
            /// The marks of its series, without a line.
            case marks
            /// Marks of what another case is better than, or of single matrices.
            case pale
            /// The ranges of the points as an area.
            case band
            /// The ranges of the points as bars.
            case bars
            /// The steps of a Pareto front.
            case front
        }

        /// Of the figure's series.
        var series: Int
        var points: [Point]
        var role = Role.main
    }

    /// A colored rectangle of a heat map, one unit wide and high.
    struct Cell {
        var x: Double
        var y: Double
        /// As #RRGGBB.
        var color: String
        var text: String
        var note: String
    }

    struct Panel {
        var title = ""
        var x: Axis
        var y: Axis
        /// A second horizontal axis on top, by its names; shares the range of `x`.
        var top: Axis?
        var curves: [Curve]
        var cells: [Cell] = []
    }

    enum Mark { case line, points, linesAndPoints }

    /// What a color and a mark stand for.
    enum Meaning: Hashable {
        case storage(StorageStyle)
        /// In black, behind the others.
        case reference
        /// A thing that is no storage: colors in the order of the series.
        case other
    }

    /// What is told apart in all panels.
    struct Series {
        var label: String
        var meaning: Meaning
        var mark: Mark
    }

    var title: Text
    var subtitle = ""
    var panels: [Panel]
    var series: [Series]
    /// Height of a panel's content in lines of text where its content asks for one.
    var panelLines: Int?
    /// Panels that are drawn at most.
    var panelLimit = 6
    /// What was left out, for standard error.
    var notes: [String] = []

    /// Gives all panels the same vertical range, where they are logarithmic: that they can be compared.
    mutating func shareHeights() {
        let values = panels.flatMap(\.curves).flatMap { $0.points.map(\.y) }.filter { $0 > 0 }
        guard let low = values.min(), let high = values.max(), panels.allSatisfy(\.y.isLogarithmic) else { return }
        for panel in panels.indices { panels[panel].y.range = AxisScale.logarithmicRange(low, high) }
    }

    /// Keeps the first panels and says which were left out.
    mutating func limitPanels() {
        guard panels.count > panelLimit else { return }
        let left = panels[panelLimit...].map(\.title).joined(separator: ", ")
        notes.append("the figure has \(panelLimit) panels; left out: \(left); choose with --matrix")
        panels.removeSubrange(panelLimit...)
    }

    /// Drops the points that a logarithmic axis cannot show, and the series without points.
    ///
    /// - Returns: whether anything is left to show.
    mutating func dropUnshowable() -> Bool {
        var dropped = 0
        var kept = 0
        for panel in panels.indices {
            kept += panels[panel].cells.count
            let (x, y) = (panels[panel].x.isLogarithmic, panels[panel].y.isLogarithmic)
            for curve in panels[panel].curves.indices {
                let points = panels[panel].curves[curve].points
                let showable = points.filter { ($0.x > 0 || !x) && (($0.y > 0 && ($0.range?.lowerBound ?? 1) > 0) || !y) }
                panels[panel].curves[curve].points = showable
                kept += showable.count
                // Bands and bars are drawn beside points.
                if [.main, .line, .pale].contains(panels[panel].curves[curve].role) {
                    dropped += points.count - showable.count
                }
            }
        }
        if dropped > 0 { notes.append("left out \(dropped) points that are not positive, for a logarithmic axis") }
        dropEmptySeries()
        return kept > 0
    }

    private mutating func dropEmptySeries() {
        let used = Set(panels.flatMap(\.curves).filter { !$0.points.isEmpty }.map(\.series))
        let kept = series.indices.filter { used.contains($0) }
        let positions = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
        series = kept.map { series[$0] }
        for panel in panels.indices {
            panels[panel].curves = panels[panel].curves.compactMap { curve in
                guard let position = positions[curve.series], !curve.points.isEmpty else { return nil }
                return Curve(series: position, points: curve.points, role: curve.role)
            }
        }
    }
}
