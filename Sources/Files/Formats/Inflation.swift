import CZlib

/// zlib's inflate over input that comes in pieces. zlib keeps the address of its state, hence a class that owns it.
///
/// Not thread-safe; its owner serializes.
public final class Inflation {
    public enum Format: Sendable {
        /// With a header and a checksum, which is verified (RFC 1952).
        case gzip
        /// The compressed blocks alone (RFC 1951).
        case raw
    }

    public enum Outcome: Sendable, Equatable {
        /// There is room for more of the output, or more of it to come.
        case more
        /// The compressed data end here.
        case end
        /// Nothing can be done without more input or room.
        case starved
        case damaged(String)
    }

    /// What a step took and gave.
    public struct Step: Sendable {
        public let consumed: Int
        public let produced: Int
        public let outcome: Outcome
    }

    private let state = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let isReady: Bool

    public init(_ format: Format) {
        state.initialize(to: z_stream())
        // 15 is the largest window; 16 more a gzip header, a negative one none.
        let window: Int32 = format == .gzip ? 15 + 16 : -15
        isReady = inflateInit2_(state, window, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    }

    deinit {
        if isReady { inflateEnd(state) }
        state.deallocate()
    }

    /// Inflates as much of the input as goes into the output.
    ///
    /// - Parameter output: not empty.
    public func step(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Step {
        guard isReady else { return Step(consumed: 0, produced: 0, outcome: .damaged("no memory for zlib")) }
        let available = min(input.count, Int(UInt32.max))
        let room = min(output.count, Int(UInt32.max))
        // zlib reads only; its header lacks the const.
        state.pointee.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
        state.pointee.avail_in = UInt32(available)
        state.pointee.next_out = output.bindMemory(to: UInt8.self).baseAddress
        state.pointee.avail_out = UInt32(room)
        let status = inflate(state, Z_NO_FLUSH)
        return Step(
            consumed: available - Int(state.pointee.avail_in), produced: room - Int(state.pointee.avail_out),
            outcome: outcome(status))
    }

    private func outcome(_ status: Int32) -> Outcome {
        switch status {
        case Z_OK: .more
        case Z_STREAM_END: .end
        case Z_BUF_ERROR: .starved
        default: .damaged(state.pointee.msg.map { String(cString: $0) } ?? "zlib \(status)")
        }
    }
}

/// CRC-32 (RFC 1952, section 8) of bytes that follow those of another.
public func crc32(_ bytes: UnsafeRawBufferPointer, after former: UInt32 = 0) -> UInt32 {
    guard !bytes.isEmpty else { return former }
    return UInt32(truncatingIfNeeded: crc32_z(UInt(former), bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count))
}

/// How far compressed values may expand: a few bytes can stand for gigabytes.
///
/// Honest ones do: of a multiple of the identity, deflate keeps a thousandth. So up to 2^28 values (order 16,384, 2 GiB in
/// double precision) may come from anything; more must be paid for by a hundredth of their bytes.
public enum Expansion {
    public static let freeValues = 1 << 28
    public static let largestRatio = 100
    /// Of deflate, whose shortest code stands for 258 bytes.
    public static let deflateRatio = 1032

    public static func isPaid(values: Int, bytes: Int, by held: Int) -> Bool {
        values <= freeValues || held >= bytes / largestRatio
    }
}
