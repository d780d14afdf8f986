import CXXHash
import Foundation

/// The 128-bit XXH3 of some bytes, in 32 hexadecimal digits: names a content, and notices damage; it is no defence
/// against an adversary.
public func contentHash(_ bytes: UnsafeRawBufferPointer) -> String {
    hexadecimal(XXH3_128bits(bytes.baseAddress, bytes.count))
}

public func contentHash(_ text: String) -> String {
    Array(text.utf8).withUnsafeBytes { contentHash($0) }
}

/// The hash of a whole file, wherever its descriptor stands; nil where it cannot be read.
func contentHash(ofFile descriptor: Int32) -> String? {
    guard let state = XXH3_createState() else { return nil }
    defer { XXH3_freeState(state) }
    XXH3_128bits_reset(state)
    var position: off_t = 0
    return withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 16) { piece in
        while true {
            let count = pread(descriptor, piece.baseAddress, piece.count, position)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return hexadecimal(XXH3_128bits_digest(state)) }
            XXH3_128bits_update(state, piece.baseAddress, count)
            position += off_t(count)
        }
    }
}

private func hexadecimal(_ hash: XXH128_hash_t) -> String { hexadecimal(hash.high64) + hexadecimal(hash.low64) }

/// Sixteen digits.
func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
