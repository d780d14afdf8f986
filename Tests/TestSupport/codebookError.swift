import Quantization

extension Codebook {
    /// The largest |x − Q(x)| over x in [−1, 1]: half the widest gap, or the distance from an end to the outermost value.
    public var worstError: Float {
        let gaps = zip(values, values.dropFirst()).map { ($1 - $0) / 2 }
        return max(gaps.max() ?? 0, values[0] + 1, 1 - values[values.count - 1])
    }
}
