/// ⌈bits·codes/8⌉: codes are packed without gaps.
public func packedByteCount(codes: Int, bits: Int) -> Int { (bits * codes + 7) / 8 }

/// Codes as one stream of bits, the first code in the lowest bits of the first byte; a code may cross into the next
/// byte, and the last byte is filled with zeros. With 4 bits: even codes in the low half of a byte, odd ones in the high half.
///
/// - Precondition: every code is below 2^bits.
public func pack(codes: [UInt8], bits: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(packedByteCount(codes: codes.count, bits: bits))
    var pending: UInt32 = 0
    var pendingBits = 0
    for code in codes {
        precondition(UInt32(code) < 1 << bits, "code \(code) in \(bits) bits")
        pending |= UInt32(code) << pendingBits
        pendingBits += bits
        if pendingBits >= 8 {
            bytes.append(UInt8(truncatingIfNeeded: pending))
            pending >>= 8
            pendingBits -= 8
        }
    }
    if pendingBits > 0 { bytes.append(UInt8(truncatingIfNeeded: pending)) }
    return bytes
}

/// The codes of a stream that `pack` made.
///
/// - Precondition: `bytes.count == packedByteCount(codes: count, bits: bits)`.
public func unpack(bytes: [UInt8], count: Int, bits: Int) -> [UInt8] {
    precondition(
        bytes.count == packedByteCount(codes: count, bits: bits), "\(bytes.count) bytes for \(count) codes of \(bits) bits")
    var pending: UInt32 = 0
    var pendingBits = 0
    var position = 0
    return (0..<count).map { _ in
        if pendingBits < bits {
            pending |= UInt32(bytes[position]) << pendingBits
            position += 1
            pendingBits += 8
        }
        defer {
            pending >>= bits
            pendingBits -= bits
        }
        return UInt8(truncatingIfNeeded: pending & (1 << bits - 1))
    }
}
