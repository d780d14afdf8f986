import Files

/// A value as indented JSON text.
///
/// Written here because Foundation's encoder keeps the members of an object by `String`, for which two names that are
/// canonically equal are one. Characters that would command a terminal are written by their numbers, which JSON takes
/// for the same.
indirect enum JSONText {
    case string(String)
    /// As it is printed.
    case number(String)
    case boolean(Bool)
    case array([JSONText])
    case object([(name: String, value: JSONText)])

    /// JSON has no NaN or infinity: those become text.
    init(_ value: Double) { self = value.isFinite ? .number("\(value)") : .string("\(value)") }

    /// Without a line's end after it.
    func text(indentedBy indentation: String = "") -> String {
        let inner = indentation + "  "
        switch self {
        case .string(let text): return JSONString.quoted(text)
        case .number(let text): return text
        case .boolean(let value): return "\(value)"
        case .array(let values):
            if values.isEmpty { return "[]" }
            let lines = values.map { inner + $0.text(indentedBy: inner) }
            return "[\n\(lines.joined(separator: ",\n"))\n\(indentation)]"
        case .object(let members):
            if members.isEmpty { return "{}" }
            let lines = members.map { "\(inner)\(JSONString.quoted($0.name)): \($0.value.text(indentedBy: inner))" }
            return "{\n\(lines.joined(separator: ",\n"))\n\(indentation)}"
        }
    }
}
