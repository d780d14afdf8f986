import Foundation

/// gnuplot's SVG with what the figure and its marks are, in the places that browsers and readers of screens show.
///
/// gnuplot names each element of a plot in a `title`, in their order; where the marks of an element are as many as its
/// notes, each gets its own.
///
/// - Parameter notes: of the elements of all plots in order.
func annotated(_ svg: Data, _ figure: Figure, size: PageSize, _ notes: [GnuplotScript.Note]) -> Data {
    var text = String(decoding: svg, as: UTF8.self)
    replaceFirst("<title>Gnuplot</title>", with: "<title>\(escaped(figure.title.reading))</title>", in: &text)
    if let start = text.range(of: "<desc>"), let end = text.range(of: "</desc>", range: start.upperBound..<text.endIndex) {
        text.replaceSubrange(start.upperBound..<end.lowerBound, with: escaped(figure.description))
    }
    for (name, length) in [("width", size.width), ("height", size.height)] {
        guard let length, let start = text.range(of: " \(name)=\""),
            let end = text.range(of: "\"", range: start.upperBound..<text.endIndex)
        else { continue }
        text.replaceSubrange(start.upperBound..<end.lowerBound, with: length.text)
    }
    replaceFirst("<svg \n", with: "<svg role=\"img\"\n", in: &text)
    let marker = "<g id=\"gnuplot_plot_"
    let pieces = text.components(separatedBy: marker)
    guard pieces.count == notes.count + 1 else { return Data(text.utf8) }
    let elements = zip(notes, pieces.dropFirst()).map { note, piece in marker + named(piece, note) }
    return Data((pieces[0] + elements.joined()).utf8)
}

/// An element of a plot, up to the next one, with its own title and those of its marks.
private func named(_ element: String, _ note: GnuplotScript.Note) -> String {
    guard let start = element.range(of: "<title>"),
        let end = element.range(of: "</title>", range: start.upperBound..<element.endIndex)
    else { return element }
    let head = element[..<start.upperBound] + escaped(note.title)
    // What follows the element in the last piece of a plot is not its own.
    let rest = element[end.lowerBound...]
    let close = rest.range(of: "\n\t</g>\n")?.lowerBound ?? rest.endIndex
    let body = String(rest[..<close])
    return head + withNotes(body, note.marks) + rest[close...]
}

private func withNotes(_ body: String, _ notes: [String]) -> String {
    guard !notes.isEmpty else { return body }
    var lines = body.components(separatedBy: "\n")
    let marks = lines.indices.filter { lines[$0].contains("<use ") || lines[$0].contains("<polygon ") }
    guard marks.count == notes.count else { return body }
    for (line, note) in zip(marks, notes) where !note.isEmpty && lines[line].hasSuffix("/>") {
        // A path may stand before the first mark on its line.
        let tag = lines[line].range(of: "<use ") != nil ? "use" : "polygon"
        lines[line] = lines[line].dropLast(2) + "><title>\(escaped(note))</title></\(tag)>"
    }
    return lines.joined(separator: "\n")
}

private func replaceFirst(_ old: String, with new: String, in text: inout String) {
    if let range = text.range(of: old) { text.replaceSubrange(range, with: new) }
}

private func escaped(_ text: String) -> String {
    printable(text).replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        .replacing("\"", with: "&quot;")
}

extension Figure {
    /// What those hear or read who do not see it.
    fileprivate var description: String {
        let axes = panels.first.map { "\($0.y.label.reading) against \($0.x.label.reading)" } ?? ""
        let names = series.map(\.label).filter { !$0.isEmpty }
        return [subtitle, panels.count > 1 ? "\(panels.count) panels" : "", axes, names.joined(separator: "; ")]
            .filter { !$0.isEmpty }.joined(separator: ". ")
    }
}
