/// Noise by which the place of an entry among the values of a codebook is moved before it is rounded to a code: with it coding
/// is without bias, and what many codings lose adds up to less or to more than with the nearest code, which studies ask.
///
/// Every entry has an offset u of its own, uniform in [−1/2, 1/2), which seed, stream, row and column alone decide.
public struct CodeNoise: Sendable, Equatable {
    /// The key of the offsets, and which sequence of that key.
    public let seed: UInt64
    public let stream: UInt64
    /// Whether the offset is taken off again on decoding (subtractive dither), or stays (stochastic rounding).
    public let isSubtracted: Bool

    public init(seed: UInt64, stream: UInt64, isSubtracted: Bool) {
        self.seed = seed
        self.stream = stream
        self.isSubtracted = isSubtracted
    }
}

extension ReferenceCodec {
    /// The place t = j + f of x among the values v₀ ≤ v₁ ≤ …, f = (x − vⱼ)/(vⱼ₊₁ − vⱼ) where vⱼ ≤ x < vⱼ₊₁; beyond the ends, the end.
    private static func place(_ x: Float, _ codebook: Codebook) -> (index: Int, fraction: Double) {
        let values = codebook.values
        guard x > values[0] else { return (0, 0) }
        var (low, high) = (0, values.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if values[middle] <= x { low = middle } else { high = middle }
        }
        guard high < values.count else { return (low, 0) }
        let (below, above) = (Double(values[low]), Double(values[high]))
        return (low, (Double(x) - below) / (above - below))
    }

    /// The code nearest to the place of x moved by an offset u: ⌊t + u + 1/2⌋. Of a uniform u it is j + 1 with the probability f, else
    /// j, so that the expectation of its value is x.
    public static func code(_ x: Float, offset: Double, _ codebook: Codebook) -> UInt8 {
        let (index, fraction) = place(x, codebook)
        // u in [−1/2, 1/2) and f in [0, 1): no other codes, and no sum that rounds up to one.
        return UInt8(offset >= 0.5 - fraction ? index + 1 : index)
    }

    /// The value at the place code − u, between two values on the line through them, an end beyond the ends.
    public static func value(of code: UInt8, offset: Double, _ codebook: Codebook) -> Float {
        let last = codebook.values.count - 1
        let place = min(max(Double(code) - offset, 0), Double(last))
        let below = min(Int(place), last - 1)
        let (first, second) = (Double(codebook.values[below]), Double(codebook.values[below + 1]))
        return Float(first + (place - Double(below)) * (second - first))
    }
}
