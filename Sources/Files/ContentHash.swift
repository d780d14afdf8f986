import CXXHash
import Foundation

/// The 128-bit XXH3 of bytes that come in pieces: names a content, and notices damage; it is no defence against an
/// adversary.
public final class ContentHash {
    private let state: OpaquePointer

    public init() {
        guard let state = XXH3_createState() else { preconditionFailure("no memory for a hash") }
        self.state = state
        XXH3_128bits_reset(state)
    }

    deinit { XXH3_freeState(state) }

    public func combine(_ bytes: UnsafeRawBufferPointer) { XXH3_128bits_update(state, bytes.baseAddress, bytes.count) }

    /// Of what has come so far, in 32 hexadecimal digits.
    public var text: String { hexadecimal(XXH3_128bits_digest(state)) }
}

/// The hash of some bytes, as `ContentHash` gives it.
public func contentHash(_ bytes: UnsafeRawBufferPointer) -> String {
    hexadecimal(XXH3_128bits(bytes.baseAddress, bytes.count))
}

public func contentHash(_ text: String) -> String {
    Array(text.utf8).withUnsafeBytes { contentHash($0) }
}

/// The hash of a whole file, wherever its descriptor stands; nil where it cannot be read.
func contentHash(ofFile descriptor: Int32) -> String? {
    let hash = ContentHash()
    var position: off_t = 0
    return withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 16) { piece in
        while true {
            let count = pread(descriptor, piece.baseAddress, piece.count, position)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return hash.text }
            hash.combine(UnsafeRawBufferPointer(rebasing: piece[..<count]))
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
