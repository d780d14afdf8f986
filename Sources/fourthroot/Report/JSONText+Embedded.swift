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
        case .string(let text): JSONText.writeQuoted(text, to: &result)
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
                JSONText.writeQuoted(member.name, to: &result)
                result += ":"
                member.value.write(to: &result)
            }
            result += "}"
        }
    }

    private static func writeQuoted(_ text: String, to result: inout String) {
        result += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "<", ">", "&",
                _ where scalar.isHidden:
                for unit in String(scalar).utf16 { result += "\\u" + String(0x10000 + Int(unit), radix: 16).suffix(4) }
            default: result.unicodeScalars.append(scalar)
            }
        }
        result += "\""
    }
}
