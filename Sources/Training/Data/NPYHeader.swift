/// The header of a NumPy file (.npy) of a list of integers: their type, their number and where they begin.
///
/// Source: NumPy 2, `numpy.lib.format`, versions 1.0 to 3.0.
struct NPYHeader {
    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    /// Bytes of an integer.
    let width: Int
    let isSigned: Bool
    let count: Int
    /// Bytes before the first integer.
    let size: Int

    /// - Parameter bytes: of the whole file, which begins with `magic`.
    /// - Throws: `DataError` for a damaged header, for entries that are no little-endian integers, and for an array that is no
    ///   list.
    init(_ bytes: [UInt8], _ path: String) throws(DataError) {
        let text: Substring
        (text, size) = try NPYHeader.dictionary(bytes, path)
        func value(_ key: String) throws(DataError) -> Substring {
            guard let start = text.firstRange(of: "'\(key)':")?.upperBound else {
                throw .damaged(path, at: 10, "the NumPy header has no '\(key)'")
            }
            return text[start...].drop { $0 == " " }
        }
        let type = try value("descr").prefix { $0 != "," }.filter { $0 != "'" && $0 != " " }
        guard ["<", "|"].contains(type.first), ["i", "u"].contains(type.dropFirst().first),
            let width = Int(type.dropFirst(2)), [1, 2, 4, 8].contains(width)
        else {
            throw .damaged(
                path, at: 10, "its entries are of NumPy's type \(type), and tokens are little-endian integers",
                advice: "convert them, for instance by tokens.astype('<u4')")
        }
        let shape = try value("shape").prefix { $0 != ")" }.dropFirst()
        let extents = shape.split(separator: ",").map { Int($0.filter { $0 != " " }) }
        guard extents.count == 1, let extent = extents[0], extent >= 0 else {
            throw .damaged(
                path, at: 10, "its shape is (\(shape)), and tokens are one list", advice: "flatten it, by tokens.ravel()")
        }
        (self.width, isSigned, count) = (width, type.dropFirst().first == "i", extent)
    }

    /// The dictionary of the header as text, and the header's size.
    private static func dictionary(_ bytes: [UInt8], _ path: String) throws(DataError) -> (Substring, size: Int) {
        // Behind the magic bytes the version, then the dictionary's length in two bytes, or four from version 2 on.
        let lengthSize = bytes.count > 6 && bytes[6] == 1 ? 2 : 4
        let start = 8 + lengthSize
        guard bytes.count >= start else { throw .damaged(path, at: bytes.count, "the NumPy header ends too early") }
        guard (1...3).contains(bytes[6]) else {
            throw .damaged(
                path, at: 6, "version \(bytes[6]) of NumPy's format is not known", advice: "save it again by numpy.save")
        }
        let length = bytes[8..<start].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= bytes.count - start else {
            throw .damaged(path, at: 8, "the NumPy header says \(length) bytes, and \(bytes.count - start) follow it")
        }
        return (Substring(String(decoding: bytes[start..<start + length], as: UTF8.self)), start + length)
    }
}
