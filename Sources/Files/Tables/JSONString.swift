/// Text and numbers as JSON writes them.
public enum JSONString {
    /// Characters that would command a terminal are written by their numbers, which JSON takes for the same.
    ///
    /// - Parameter others: characters that are written by their numbers too.
    public static func quoted(_ text: String, numbering others: Set<Unicode.Scalar> = []) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where scalar.isHidden || others.contains(scalar):
                for unit in String(scalar).utf16 { result += "\\u" + String(0x10000 + Int(unit), radix: 16).suffix(4) }
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// Whether a text is a number of JSON's grammar: -?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?
    public static func isNumber(_ text: String) -> Bool {
        var rest = Substring(text).utf8
        func digits() -> Int {
            let found = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
            rest = rest.dropFirst(found)
            return found
        }
        func take(_ characters: StaticString) -> Bool {
            guard let first = rest.first, "\(characters)".utf8.contains(first) else { return false }
            rest = rest.dropFirst()
            return true
        }
        _ = take("-")
        let startsWithZero = rest.first == UInt8(ascii: "0")
        let whole = digits()
        if whole == 0 || startsWithZero && whole > 1 { return false }
        if take("."), digits() == 0 { return false }
        if take("eE") {
            _ = take("+-")
            if digits() == 0 { return false }
        }
        return rest.isEmpty
    }
}

extension Unicode.Scalar {
    /// Whether a terminal would obey it or show nothing for it: control and formatting characters, and separators of lines.
    public var isHidden: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
