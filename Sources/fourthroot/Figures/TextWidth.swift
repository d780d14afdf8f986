/// How wide texts are drawn.
enum TextWidth {
    /// Advance widths of DejaVu Sans 2.37 for the characters from space to tilde, in 1/2048 of the size. The other fonts of the
    /// figures are as wide (Verdana) or narrower.
    private static let advances: [Double] = [
        651, 821, 942, 1716, 1303, 1946, 1597, 563, 799, 799, 1024, 1716, 651, 739, 651, 690, 1303, 1303, 1303, 1303, 1303,
        1303, 1303, 1303, 1303, 1303, 690, 690, 1716, 1716, 1716, 1087, 2048, 1401, 1405, 1430, 1577, 1294, 1178, 1587, 1540,
        604, 604, 1343, 1141, 1767, 1532, 1612, 1235, 1612, 1423, 1300, 1251, 1499, 1401, 2025, 1403, 1251, 1403, 799, 690,
        799, 1716, 1024, 1024, 1255, 1300, 1126, 1300, 1260, 721, 1300, 1298, 569, 569, 1186, 569, 1995, 1298, 1253, 1300,
        1300, 842, 1067, 803, 1298, 1212, 1675, 1212, 1212, 1075, 1303, 690, 1303, 1716,
    ]

    /// The width of a text without markup, in the unit of the size; an upper bound for scripts with wide characters.
    static func of(_ text: String, size: Double) -> Double {
        text.unicodeScalars.reduce(0) { $0 + advance($1) } * size / 2048
    }

    private static func advance(_ scalar: Unicode.Scalar) -> Double {
        switch scalar.value {
        case 0x20...0x7E: advances[Int(scalar.value) - 0x20]
        case 0x300...0x36F, 0x200B...0x200F, 0xFE00...0xFE0F: 0
        // Latin, Greek and Cyrillic letters are at most as wide as W; most are as wide as o.
        case 0xA0...0x58F: 1403
        case 0x2070...0x209C: 1081
        default: scalar.value >= 0x1100 ? 2048 : 1716
        }
    }

    /// The text in lines that are not wider than `width`, broken at spaces, else behind a sign that parts a name, else anywhere.
    ///
    /// - Parameter most: the number of lines; the last one is shortened where more would be needed.
    static func lines(_ text: String, size: Double, width: Double, most: Int = .max) -> [String] {
        var lines: [String] = []
        var rest = text[...]
        while TextWidth.of(String(rest), size: size) > width {
            if lines.count + 1 >= most { return lines + [fitted(String(rest), size: size, width: width)] }
            let line = rest.prefix(fitting(rest, size: size, width: width))
            let end = line.lastIndex(of: " ").map { line.index(after: $0) } ?? lastBreak(line) ?? line.endIndex
            lines.append(String(rest[..<end]).trimmingSuffix(" "))
            rest = rest[end...]
        }
        return lines + [String(rest)]
    }

    /// The text with its middle replaced by an ellipsis where it is too wide.
    static func fitted(_ text: String, size: Double, width: Double) -> String {
        if of(text, size: size) <= width { return text }
        var length = text.count - 1
        var result = "…"
        while length > 1 {
            result = shortened(text, to: length)
            if of(result, size: size) <= width { break }
            length -= max(1, length / 40)
        }
        return result
    }

    /// Characters that fit; at least one.
    private static func fitting(_ text: Substring, size: Double, width: Double) -> Int {
        var (count, sum) = (0, 0.0)
        for character in text {
            sum += of(String(character), size: size)
            if sum > width { break }
            count += 1
        }
        return max(count, 1)
    }

    private static func lastBreak(_ line: Substring) -> String.Index? {
        guard let sign = line.dropLast().lastIndex(where: { "/.,;:_-".contains($0) }), sign > line.startIndex else {
            return nil
        }
        return line.index(after: sign)
    }
}

extension String {
    fileprivate func trimmingSuffix(_ character: Character) -> String {
        var result = self
        while result.last == character { result.removeLast() }
        return result
    }
}
