import Files

extension JSONText {
    /// On one line, for a script element of a page: nothing in it ends the element, begins a comment or ends a line of a
    /// script.
    var embedded: String {
        var result = ""
        write(to: &result)
        return result
    }

    private func write(to result: inout String) {
        switch self {
        case .string(let text): result += JSONText.quoted(text)
        case .number(let text): result += text
        case .boolean(let value): result += "\(value)"
        case .array(let values):
            result += "["
            for (index, value) in values.enumerated() {
                if index > 0 { result += "," }
                value.write(to: &result)
            }
            result += "]"
        case .object(let members):
            result += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { result += "," }
                result += JSONText.quoted(member.name)
                result += ":"
                member.value.write(to: &result)
            }
            result += "}"
        }
    }

    private static func quoted(_ text: String) -> String { JSONString.quoted(text, numbering: ["<", ">", "&"]) }
}
