/// What is wrong with the header of a NumPy file.
public struct NumPyHeaderError: Error, Sendable, Equatable {
    /// The byte of the file.
    public let offset: Int
    public let problem: String
    public let advice: String?

    public init(at offset: Int, _ problem: String, advice: String? = nil) {
        self.offset = offset
        self.problem = problem
        self.advice = advice
    }
}

/// The header of a NumPy file (.npy): the type of the entries, their order and number, and where they begin.
///
/// Source: NumPy 2, `numpy.lib.format`, versions 1.0 to 3.0.
public struct NumPyHeader: Sendable, Equatable {
    public static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    /// So many bytes say how long the header is.
    public static let startSize = 12
    /// NumPy itself reads 10,000 bytes of a dictionary; only records have so many fields.
    public static let largestSize = 1 << 20

    /// As NumPy writes it: `<f8` for a little-endian float64; of records the list of their fields.
    public let type: String
    /// Whether the first index runs fastest.
    public let isFortranOrder: Bool
    /// nil where it is no tuple of extents.
    public let shape: [Int]?
    /// As it is written.
    public let shapeText: String
    /// Bytes before the first entry.
    public let size: Int

    /// The bytes of a header, by its first `startSize` bytes or, of a shorter file, all of them.
    public static func size(_ start: [UInt8]) throws(NumPyHeaderError) -> Int {
        // Behind the magic bytes the version, then the dictionary's length in two bytes, or four from version 2 on.
        let begin = start.count > 6 && start[6] == 1 ? 10 : 12
        guard start.count >= begin else {
            throw NumPyHeaderError(at: start.count, "the NumPy header ends too early")
        }
        guard (1...3).contains(start[6]) else {
            throw NumPyHeaderError(
                at: 6, "version \(start[6]) of NumPy's format is not known", advice: "save it again by numpy.save")
        }
        return begin + start[8..<begin].reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    /// - Parameter bytes: the whole header, which begins with `magic`; what follows it is not looked at.
    public init(_ bytes: [UInt8]) throws(NumPyHeaderError) {
        size = try NumPyHeader.size(Array(bytes.prefix(NumPyHeader.startSize)))
        let begin = bytes[6] == 1 ? 10 : 12
        guard size <= bytes.count, size <= NumPyHeader.largestSize else {
            throw NumPyHeaderError(
                at: 8, "the NumPy header says \(size - begin) bytes, and \(bytes.count - begin) follow it")
        }
        var members: [String: Substring] = [:]
        var text = Substring(String(decoding: bytes[begin..<size], as: UTF8.self))
        guard NumPyHeader.take("{", of: &text) else {
            throw NumPyHeaderError(at: begin, "the NumPy header is no dictionary of descr, fortran_order and shape")
        }
        while !NumPyHeader.take("}", of: &text) {
            guard let (key, value) = NumPyHeader.member(&text), members.updateValue(value, forKey: key) == nil else {
                throw NumPyHeaderError(at: begin, "the NumPy header is damaged")
            }
            _ = NumPyHeader.take(",", of: &text)
        }
        func value(_ key: String) throws(NumPyHeaderError) -> Substring {
            guard let value = members[key] else { throw NumPyHeaderError(at: 10, "the NumPy header has no '\(key)'") }
            return value
        }
        let descr = try value("descr")
        type = descr.hasPrefix("'") ? String(descr.dropFirst().dropLast()) : String(descr.prefix(60))
        guard let isFortranOrder = ["True": true, "False": false][try value("fortran_order")] else {
            throw NumPyHeaderError(at: 10, "the NumPy header's fortran_order is \(try value("fortran_order").prefix(20))")
        }
        self.isFortranOrder = isFortranOrder
        let written = try value("shape")
        shape = NumPyHeader.extents(written)
        shapeText = String(written.prefix(60))
    }

    /// Takes a character and the spaces before it, where it is next.
    private static func take(_ character: Character, of text: inout Substring) -> Bool {
        text = text.drop { $0 == " " || $0 == "\n" }
        guard text.first == character else { return false }
        text.removeFirst()
        return true
    }

    /// Takes `'key': value`; the value is a string, a word, or anything in brackets.
    private static func member(_ text: inout Substring) -> (key: String, value: Substring)? {
        guard take("'", of: &text), let end = text.firstIndex(of: "'") else { return nil }
        let key = String(text[..<end])
        text = text[text.index(after: end)...]
        guard take(":", of: &text) else { return nil }
        text = text.drop { $0 == " " }
        var (depth, isQuoted, position) = (0, false, text.startIndex)
        while position < text.endIndex {
            let character = text[position]
            if character == "'" { isQuoted.toggle() }
            if !isQuoted {
                if depth == 0 && (character == "," || character == "}") {
                    defer { text = text[position...] }
                    return (key, text[..<position])
                }
                if character == "(" || character == "[" || character == "{" { depth += 1 }
                if character == ")" || character == "]" || character == "}" { depth -= 1 }
            }
            position = text.index(after: position)
        }
        return nil
    }

    /// The numbers of a tuple: `()`, `(3,)`, `(3, 4)`.
    private static func extents(_ text: Substring) -> [Int]? {
        guard text.hasPrefix("("), text.hasSuffix(")") else { return nil }
        var items = text.dropFirst().dropLast().split(separator: ",", omittingEmptySubsequences: false).map {
            $0.filter { $0 != " " }
        }
        if items.last == "" { items.removeLast() }
        let extents = items.compactMap { Int($0) }
        return extents.count == items.count && extents.allSatisfy { $0 >= 0 } ? extents : nil
    }
}
