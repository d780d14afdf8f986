import Yams

/// The mapping that a plan's text is.
///
/// - Parameter what: what the mapping is, for the message about a text that is none.
/// - Throws: `PlanError` naming the line and what is wrong there.
func planMapping(yaml: String, _ what: String) throws(PlanError) -> Node.Mapping {
    try requireBoundedYAML(yaml)
    let document: Node?
    do {
        document = try compose(yaml: yaml)
    } catch {
        // The library quotes the line, whatever its length.
        throw PlanError("it is not YAML: \("\(error)".prefix(500))")
    }
    guard let mapping = document?.mapping else { throw PlanError(what) }
    return mapping
}

extension Node {
    /// A word for messages.
    var text: String { string.map(abbreviated) ?? "?" }

    /// An error at the node's line.
    func error(_ problem: String) -> PlanError {
        PlanError("\(mark.map { "line \($0.line): " } ?? "")\(problem)")
    }
}

/// Refuses a text that is small and would take the parser long.
///
/// Aliases multiply: twelve levels of nine each stand for 9^12 nodes, and the library visits all of them where they are keys.
/// Keys within keys are visited once for every level. A plan has no need of either.
///
/// An alias needs an anchor, so that a text without both is free of them. They, and the mark of a key that is more than a
/// word, are looked for wherever one can begin, in comments and quotes too: what is a quote, only the parser knows.
///
/// - Throws: `PlanError`.
private func requireBoundedYAML(_ text: String) throws(PlanError) {
    let largestSize = 1 << 19
    guard text.utf8.count <= largestSize else {
        throw PlanError("the plan has \(text.utf8.count) bytes; at most \(largestSize) are read. Write ranges as A:B")
    }
    let mayPrecede = Set(" \t\r\n,[]{}:".utf8)
    var (line, keyMarks) = (1, 0)
    var hasAnchor = false
    var alias: Int?
    var previous = UInt8(ascii: "\n")
    for byte in text.utf8 {
        if byte == UInt8(ascii: "\n") { line += 1 }
        if mayPrecede.contains(previous) {
            switch byte {
            case UInt8(ascii: "&"): hasAnchor = true
            case UInt8(ascii: "*"): alias = alias ?? line
            case UInt8(ascii: "?"): keyMarks += 1
            default: break
            }
        }
        previous = byte
    }
    if hasAnchor, let alias { throw PlanError("line \(alias): a plan takes no aliases (*name); write the values out") }
    guard keyMarks <= 16 else { throw PlanError("'?' stands before \(keyMarks) words; a plan has no keys that are lists") }
}
