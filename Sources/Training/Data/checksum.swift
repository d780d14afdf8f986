import CZlib

/// CRC-32 (RFC 1952, section 8) of the bytes of all arrays, one after another, in hexadecimal.
func checksum<Element: FixedWidthInteger>(of arrays: [Element]...) -> String {
    var value: UInt = 0
    // Without bytes zlib would begin anew.
    for array in arrays where !array.isEmpty {
        array.withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: UInt8.self) { value = crc32_z(value, $0.baseAddress, $0.count) }
        }
    }
    return String(value, radix: 16)
}
