/// The counter-based generator Philox4x32-10: the n-th block of output is a function of key and counter alone, so
/// every machine, thread and device can produce the same stream, from any position.
///
/// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 5.
public struct PhiloxGenerator: RandomNumberGenerator, Sendable, Codable, Equatable {
    private let key: SIMD2<UInt32>
    public let stream: UInt64
    private var counter: UInt64 = 0
    private var pending: UInt64?

    /// - Parameters:
    ///   - seed: the key.
    ///   - stream: independent sequences of one seed; the upper half of the counter.
    public init(seed: UInt64, stream: UInt64 = 0) {
        key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        self.stream = stream
    }

    /// The sequence of a seed from a position on, reached without drawing what lies before.
    ///
    /// - Parameter position: how many numbers have been drawn.
    public init(seed: UInt64, stream: UInt64, position: UInt64) {
        self.init(seed: seed, stream: stream)
        counter = position / 2
        if position % 2 == 1 { _ = next() }
    }

    public var seed: UInt64 { UInt64(key[0]) | UInt64(key[1]) << 32 }
    /// How many numbers have been drawn: two a block.
    public var position: UInt64 { pending == nil ? 2 &* counter : 2 &* counter &- 1 }

    /// The four words of Philox4x32-10 for one counter and key.
    public static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var x = counter
        var k = key
        for _ in 0..<10 {
            let first = UInt64(x[0]) * 0xD251_1F53
            let second = UInt64(x[2]) * 0xCD9E_8D57
            x = SIMD4(
                UInt32(truncatingIfNeeded: second >> 32) ^ x[1] ^ k[0], UInt32(truncatingIfNeeded: second),
                UInt32(truncatingIfNeeded: first >> 32) ^ x[3] ^ k[1], UInt32(truncatingIfNeeded: first))
            k[0] &+= 0x9E37_79B9
            k[1] &+= 0xBB67_AE85
        }
        return x
    }

    public mutating func next() -> UInt64 {
        if let value = pending {
            pending = nil
            return value
        }
        let words = Self.block(
            counter: SIMD4(
                UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32),
                UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32)),
            key: key)
        counter &+= 1
        pending = UInt64(words[2]) | UInt64(words[3]) << 32
        return UInt64(words[0]) | UInt64(words[1]) << 32
    }
}

extension RandomNumberGenerator {
    /// A multiple of 2^-53, uniform in [0, 1).
    public mutating func uniform() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// A pair of independent standard normal deviates.
    ///
    /// Marsaglia's polar method, with square root, division and a logarithm of ours only: those round the same way
    /// everywhere, the C library's logarithm does not, and a seed must give the same matrix on every machine.
    ///
    /// Source: Marsaglia and Bray, SIAM Review 6 (1964) 260.
    public mutating func normalPair() -> (Double, Double) {
        while true {
            let u = 2 * uniform() - 1
            let v = 2 * uniform() - 1
            let square = u * u + v * v
            if square > 0 && square < 1 {
                let factor = (-2 * portableLogarithm(square) / square).squareRoot()
                return (u * factor, v * factor)
            }
        }
    }
}

/// ln x by additions, multiplications and one division, hence the same bits on every IEEE machine.
///
/// With x = m·2^e, m in [1/√2, √2), and s = (m−1)/(m+1): ln x = e·ln 2 + 2(s + s³/3 + s⁵/5 + …). |s| ≤ 0.1716, so the
/// first omitted term, s²³/23, is below 2e-19; the error is a few units in the last place.
///
/// - Precondition: x is positive and normal.
public func portableLogarithm(_ x: Double) -> Double {
    precondition(x > 0 && x.isNormal, "the logarithm of \(x)")
    var exponent = x.exponent
    var mantissa = x.significand
    if mantissa > 1.4142135623730951 {
        mantissa /= 2
        exponent += 1
    }
    let s = (mantissa - 1) / (mantissa + 1)
    let square = s * s
    var sum = 0.0
    for odd in stride(from: 21, through: 1, by: -2) { sum = sum * square + 1 / Double(odd) }
    return Double(exponent) * 0.6931471805599453 + 2 * s * sum
}
