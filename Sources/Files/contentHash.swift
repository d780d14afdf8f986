import CXXHash

/// The 128-bit XXH3 of some bytes, in 32 hexadecimal digits: names a content, and notices damage; it is no defence
/// against an adversary.
public func contentHash(_ bytes: UnsafeRawBufferPointer) -> String {
    let hash = XXH3_128bits(bytes.baseAddress, bytes.count)
    return hexadecimal(hash.high64) + hexadecimal(hash.low64)
}

public func contentHash(_ text: String) -> String {
    Array(text.utf8).withUnsafeBytes { contentHash($0) }
}

private func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
