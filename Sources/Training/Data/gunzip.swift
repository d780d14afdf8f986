import CZlib

/// Whether these are the first bytes of a gzip file (RFC 1952, section 2.3.1).
func isGzip(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

/// The content of a gzip file, of all its members; checksums are verified.
///
/// - Parameters:
///   - path: the name in errors.
///   - limit: the largest content that is accepted: a few bytes can stand for gigabytes.
/// - Throws: `DataError` for what is no gzip, damaged, truncated or above the limit.
func gunzip(_ bytes: [UInt8], _ path: String, limit: Int) throws(DataError) -> [UInt8] {
    var content: [UInt8] = []
    var start = 0
    repeat {
        start += try inflateMember(bytes, from: start, into: &content, path, limit: limit)
        // Tapes and some programs pad with zeros, which gzip ignores.
    } while bytes[start...].contains { $0 != 0 }
    return content
}

/// Appends one member's content and returns the bytes it occupies.
private func inflateMember(
    _ bytes: [UInt8], from start: Int, into content: inout [UInt8], _ path: String, limit: Int
) throws(DataError) -> Int {
    let stream = Inflation(bytes, from: start)
    while true {
        let (chunk, status) = stream.next()
        let offset = start + stream.consumed
        content += chunk
        guard content.count <= limit else {
            throw DataError(
                kind: .tooLarge, file: path, offset: offset, problem: "more than \(limit) bytes when decompressed",
                advice: "check that it is the file you mean")
        }
        switch status {
        case Z_STREAM_END: return stream.consumed
        case Z_OK: continue
        case Z_BUF_ERROR: throw .damaged(path, at: bytes.count, "the compressed data ends too early")
        default: throw .damaged(path, at: offset, "the compressed data is damaged (\(stream.message ?? "zlib \(status)"))")
        }
    }
}

/// zlib's state over one member. zlib keeps the address of its state, hence a class that owns the allocation.
private final class Inflation {
    private let state = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let bytes: [UInt8]
    private let start: Int
    private let isReady: Bool
    private(set) var consumed = 0

    init(_ bytes: [UInt8], from start: Int) {
        self.bytes = bytes
        self.start = start
        state.initialize(to: z_stream())
        // 15: the largest window; 16: a gzip header.
        isReady = inflateInit2_(state, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    }

    deinit {
        if isReady { inflateEnd(state) }
        state.deallocate()
    }

    var message: String? { state.pointee.msg.map { String(cString: $0) } }

    /// Up to 256 KiB more, and zlib's status.
    func next() -> ([UInt8], Int32) {
        guard isReady else { return ([], Z_MEM_ERROR) }
        let chunkSize = 1 << 18
        var status = Z_OK
        let chunk = [UInt8](unsafeUninitializedCapacity: chunkSize) { output, filled in
            bytes.withUnsafeBufferPointer { input in
                let available = min(input.count - start - consumed, Int(UInt32.max))
                // zlib reads only; its header lacks the const.
                state.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress! + start + consumed)
                state.pointee.avail_in = UInt32(available)
                state.pointee.next_out = output.baseAddress!
                state.pointee.avail_out = UInt32(chunkSize)
                status = inflate(state, Z_NO_FLUSH)
                consumed += available - Int(state.pointee.avail_in)
                filled = chunkSize - Int(state.pointee.avail_out)
            }
        }
        return (chunk, status)
    }
}
