import Files

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
    let inflation = Inflation(.gzip)
    var offset = start
    while true {
        var outcome = Inflation.Outcome.starved
        content += [UInt8](unsafeUninitializedCapacity: 1 << 18) { output, filled in
            let step = bytes.withUnsafeBytes {
                inflation.step(UnsafeRawBufferPointer(rebasing: $0[offset...]), into: UnsafeMutableRawBufferPointer(output))
            }
            (filled, outcome) = (step.produced, step.outcome)
            offset += step.consumed
        }
        guard content.count <= limit else {
            throw DataError(
                kind: .tooLarge, file: path, offset: offset, problem: "more than \(limit) bytes when decompressed",
                advice: "check that it is the file you mean")
        }
        switch outcome {
        case .end: return offset - start
        case .more: continue
        case .starved: throw .damaged(path, at: bytes.count, "the compressed data ends too early")
        case .damaged(let words): throw .damaged(path, at: offset, "the compressed data is damaged (\(words))")
        }
    }
}
