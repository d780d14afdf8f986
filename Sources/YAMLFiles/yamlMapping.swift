import Yams

/// The mapping that a text is.
///
/// - Parameter what: what the mapping is, for the message about a text that is none.
/// - Throws: `YAMLError` naming the line and what is wrong there.
public func yamlMapping(_ text: String, _ what: String) throws(YAMLError) -> Node.Mapping {
    try requireBoundedYAML(text)
    let document: Node?
    do {
        document = try compose(yaml: text)
    } catch {
        // The library quotes the line, whatever its length.
        throw YAMLError("it is not YAML: \("\(error)".prefix(500))")
    }
    guard let mapping = document?.mapping else { throw YAMLError(what) }
    return mapping
}

extension Node {
    /// `line 3: `, before what is wrong there; empty where it is not known.
    public var place: String { mark.map { "line \($0.line): " } ?? "" }
}

/// Refuses a text that is small and would take the parser long.
///
/// Aliases multiply: twelve levels of nine each stand for 9^12 nodes, and the library visits all of them where they are keys.
/// Keys within keys are visited once for every level. None of our files has a need of either.
///
/// An alias needs an anchor, so that a text without both is free of them. They, and the mark of a key that is more than a
/// word, are looked for wherever one can begin, in comments and quotes too: what is a quote, only the parser knows.
///
/// - Throws: `YAMLError`.
private func requireBoundedYAML(_ text: String) throws(YAMLError) {
    let largestSize = 1 << 19
    guard text.utf8.count <= largestSize else {
        throw YAMLError("it has \(text.utf8.count) bytes; at most \(largestSize) are read. Ranges are shorter as A:B")
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
    if hasAnchor, let alias { throw YAMLError("line \(alias): aliases (*name) are not taken; write the values out") }
    guard keyMarks <= 16 else { throw YAMLError("'?' stands before \(keyMarks) words; keys that are lists are not taken") }
}
