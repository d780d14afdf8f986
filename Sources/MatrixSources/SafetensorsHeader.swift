import HDF5Store

/// The JSON object that a safetensors file begins with: for every tensor its type, shape and place.
///
/// Read here and not by Foundation: of two members with one name that keeps either, and it takes memory by the depth and the
/// number of values, of which a header has no more than it has bytes.
struct SafetensorsHeader {
    struct Tensor: Equatable {
        let name: String
        let type: String
        let shape: [Int]
        /// Of the bytes behind the header.
        let begin, end: Int
    }

    private(set) var tensors: [Tensor] = []
    /// The texts under `__metadata__`.
    private(set) var metadata: Attributes = [:]

    private let bytes: [UInt8]
    private let file: String
    private var position = 0

    /// - Throws: `SourceError` with the place of what is no header.
    init(_ bytes: [UInt8], file: String) throws(SourceError) {
        self.bytes = bytes
        self.file = file
        try members { (header, name) throws(SourceError) in
            if name == "__metadata__" {
                try header.members { (header, key) throws(SourceError) in
                    guard header.metadata[key] == nil else { throw header.damage("the text '\(key.prefix(60))' occurs twice") }
                    header.metadata[key] = .string(try header.text())
                }
            } else {
                header.tensors.append(try header.tensor(name))
            }
        }
        skipSpaces()
        guard position == bytes.count else { throw damage("something follows the header's object") }
    }

    private mutating func tensor(_ name: String) throws(SourceError) -> Tensor {
        var (type, shape, offsets): (String?, [Int]?, [Int]?)
        try members { (header, key) throws(SourceError) in
            switch key {
            case "dtype" where type == nil: type = try header.text()
            case "shape" where shape == nil: shape = try header.integers()
            case "data_offsets" where offsets == nil: offsets = try header.integers()
            default: throw header.damage("'\(key.prefix(60))' of \(name.prefix(200)) is unknown or there twice")
            }
        }
        guard let type, let shape, let offsets, offsets.count == 2, shape.count <= 64 else {
            throw damage("\(name.prefix(200)) needs a dtype, a shape and two data_offsets")
        }
        return Tensor(name: name, type: type, shape: shape, begin: offsets[0], end: offsets[1])
    }

    /// Reads an object, `take` the value of each member.
    private mutating func members(
        _ take: (inout SafetensorsHeader, _ name: String) throws(SourceError) -> Void
    ) throws(SourceError) {
        try expect("{")
        if next("}") { return }
        repeat {
            let name = try text()
            try expect(":")
            try take(&self, name)
        } while next(",")
        try expect("}")
    }

    private mutating func integers() throws(SourceError) -> [Int] {
        var result: [Int] = []
        try expect("[")
        if next("]") { return [] }
        repeat { result.append(try integer()) } while next(",")
        try expect("]")
        return result
    }

    private mutating func integer() throws(SourceError) -> Int {
        skipSpaces()
        let digits = bytes[position...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard let value = Int(String(decoding: digits.prefix(20), as: UTF8.self)), digits.count < 20 else {
            throw damage("no number that a shape or an offset can be")
        }
        position = digits.endIndex
        return value
    }

    private mutating func text() throws(SourceError) -> String {
        try expect("\"")
        var content: [UInt8] = []
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            let byte = bytes[position]
            guard byte >= 0x20 else { throw damage("a control character in a text") }
            position += 1
            if byte == UInt8(ascii: "\\") { content += try escaped() } else { content.append(byte) }
        }
        try expect("\"")
        guard let text = String(validating: content, as: UTF8.self) else { throw damage("a text that is not UTF-8") }
        return text
    }

    /// What stands for one character behind a backslash.
    private mutating func escaped() throws(SourceError) -> [UInt8] {
        guard position < bytes.count else { throw damage("a text that does not end") }
        position += 1
        switch bytes[position - 1] {
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [bytes[position - 1]]
        case UInt8(ascii: "u"):
            var units = [try unit()]
            if (0xD800..<0xDC00).contains(units[0]), bytes[position...].starts(with: Array("\\u".utf8)) {
                position += 2
                units.append(try unit())
            }
            guard let text = String(validating: units, as: UTF16.self) else { throw damage("half a character in a text") }
            return Array(text.utf8)
        default: throw damage("an unknown escape in a text")
        }
    }

    private mutating func unit() throws(SourceError) -> UInt16 {
        let digits = String(decoding: bytes[position...].prefix(4), as: UTF8.self)
        guard digits.utf8.count == 4, digits.allSatisfy(\.isHexDigit), let unit = UInt16(digits, radix: 16) else {
            throw damage("an escape without four digits")
        }
        position += 4
        return unit
    }

    private mutating func skipSpaces() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    /// Takes a character, and the spaces before it, where it is next.
    private mutating func next(_ character: Unicode.Scalar) -> Bool {
        skipSpaces()
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(SourceError) {
        guard next(character) else { throw damage("no \(character)") }
    }

    private func damage(_ problem: String) -> SourceError {
        SourceError(
            .wrongData, file: file, "its header is damaged at byte \(8 + position): \(problem)",
            advice: "; copy or write the file again")
    }
}
