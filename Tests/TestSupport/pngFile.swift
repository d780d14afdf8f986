/// A PNG file, written from the specification (W3C, third edition): one chunk of pixels in a zlib stream that stores them
/// uncompressed, filter 0 in every row.
///
/// - Parameters:
///   - color: 0 gray, 2 red, green and blue, 4 gray with transparency, 6 all four; the entries of a pixel follow.
///   - rows: the bytes of the rows, 16-bit entries in two.
public func pngFile(
    width: Int, height: Int, color: UInt8 = 2, depth: UInt8 = 8, isInterlaced: Bool = false, _ rows: [[UInt8]]
) -> [UInt8] {
    let kind: [UInt8] = [depth, color, 0, 0, isInterlaced ? 1 : 0]
    let header = bigEndian(width) + bigEndian(height) + kind
    let content = rows.flatMap { (row: [UInt8]) -> [UInt8] in [0] + row }
    let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    return signature + chunk("IHDR", header) + chunk("IDAT", storedZlib(content)) + chunk("IEND", [])
}

/// Of one color.
public func pngFile(width: Int, height: Int, red: UInt8, green: UInt8, blue: UInt8) -> [UInt8] {
    let row = (0..<width).flatMap { _ in [red, green, blue] }
    return pngFile(width: width, height: height, [[UInt8]](repeating: row, count: height))
}

private func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
    let named = Array(name.utf8) + content
    return bigEndian(content.count) + named + bigEndian(Int(checksum(named)))
}

private func bigEndian(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

private func checksum(_ bytes: [UInt8]) -> UInt32 {
    var checksum = UInt32.max
    for byte in bytes {
        checksum ^= UInt32(byte)
        for _ in 0..<8 { checksum = checksum & 1 == 1 ? checksum >> 1 ^ 0xEDB8_8320 : checksum >> 1 }
    }
    return ~checksum
}

/// RFC 1950 and 1951: blocks that are stored.
private func storedZlib(_ content: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = [0x78, 1]
    var rest = content[...]
    repeat {
        let block = rest.prefix(65535)
        rest = rest.dropFirst(65535)
        let length = UInt16(block.count)
        bytes.append(rest.isEmpty ? 1 : 0)
        for value in [length, ~length] { bytes += [UInt8(value & 255), UInt8(value >> 8)] }
        bytes += block
    } while !rest.isEmpty
    var (a, b): (Int, Int) = (1, 0)
    for byte in content {
        a = (a + Int(byte)) % 65521
        b = (b + a) % 65521
    }
    return bytes + bigEndian(b << 16 | a)
}
