/// What a figure shows, without how it is drawn.
struct Figure {
    /// A text of ours may hold gnuplot's markup; one with words of the user must not.
    enum Text {
        case markup(String)
        case plain(String)
    }

    struct Axis {
        var label: Text
        var isLogarithmic = false
        /// nil: what the points span.
        var range: ClosedRange<Double>?
        /// Labelled positions in place of numbers.
        var names: [(position: Double, name: String)] = []
    }

    enum Mark { case line, points, linesAndPoints }

    struct Curve {
        /// Of the figure's series.
        var series: Int
        var points: [(x: Double, y: Double)]
    }

    struct Panel {
        var title = ""
        var x: Axis
        var y: Axis
        /// A second horizontal axis on top, by its names; shares the range of `x`.
        var top: Axis?
        var curves: [Curve]
    }

    /// An entry of the legend, shared by all panels.
    struct Series {
        var label: String
        /// Series of one family have one color; they differ by dashes and points.
        var family: String
        var mark: Mark
        /// In black, behind the others.
        var isReference = false
    }

    var title: Text
    var subtitle = ""
    var panels: [Panel]
    var series: [Series]
    /// Height of a panel in pixels where its content asks for one.
    var panelHeight: Int?
    /// What was left out, for standard error.
    var notes: [String] = []

    /// Six are as many as one page shows readably.
    static let largestPanelCount = 6

    /// Keeps the first panels and says which were left out.
    mutating func limitPanels() {
        guard panels.count > Figure.largestPanelCount else { return }
        let left = panels[Figure.largestPanelCount...].map(\.title).joined(separator: ", ")
        notes.append("the figure has \(Figure.largestPanelCount) panels; left out: \(left); choose with --matrix")
        panels.removeSubrange(Figure.largestPanelCount...)
    }

    /// Drops the points that a logarithmic axis cannot show, and the series without points.
    ///
    /// - Returns: whether points are left.
    mutating func dropUnshowable() -> Bool {
        var dropped = 0
        var kept = 0
        for panel in panels.indices {
            let (x, y) = (panels[panel].x.isLogarithmic, panels[panel].y.isLogarithmic)
            for curve in panels[panel].curves.indices {
                let points = panels[panel].curves[curve].points
                let showable = points.filter { ($0.x > 0 || !x) && ($0.y > 0 || !y) }
                panels[panel].curves[curve].points = showable
                dropped += points.count - showable.count
                kept += showable.count
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
                positions[curve.series].map { Curve(series: $0, points: curve.points) }
            }
        }
    }
}
