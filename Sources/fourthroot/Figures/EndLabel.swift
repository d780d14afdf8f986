import MatrixStudy

/// The name of a series where its curve ends.
struct EndLabel {
    let series: Int
    /// The end of the curve, and the middle of the label's left side, in pixels from the top left.
    let end: (x: Double, y: Double)
    let label: (x: Double, y: Double)

    /// The labels of a panel, moved apart.
    static func labels(_ panel: Figure.Panel, _ place: FigureLayout.Panel, _ lettering: Lettering, names: [String])
        -> [EndLabel]
    {
        let frame = place.frame
        let ends = panel.curves.grouped { $0.series }.compactMap { group -> (series: Int, x: Double, y: Double)? in
            let points = group.elements.filter { [.main, .line].contains($0.role) }.flatMap(\.points)
            guard !names[group.key].isEmpty, let last = points.max(by: { $0.x < $1.x }) else { return nil }
            return (
                group.key, frame.left + place.x.share(last.x) * (frame.right - frame.left),
                frame.bottom - place.y.share(last.y) * (frame.bottom - frame.top)
            )
        }
        let half = lettering.line / 2
        let heights = spreadLabels(
            ends.map(\.y), gap: lettering.line, in: frame.top - half...max(frame.top - half, frame.bottom + half / 2))
        return zip(ends, heights).map { end, height in
            EndLabel(series: end.series, end: (end.x, end.y), label: (frame.right + 2 * FigureLayout.gap, height))
        }
    }
}
