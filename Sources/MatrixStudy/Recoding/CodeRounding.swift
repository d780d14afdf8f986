import Quantization

/// How entries become codes where they are coded again and again.
public enum CodeRounding: String, Sendable, CaseIterable {
    /// The nearest code, as training has it.
    case nearest
    /// One of the two nearest, with probabilities that make the expectation the entry.
    case stochastic
    /// The code of the entry moved by noise that is taken off again on decoding (subtractive dither).
    case dither

    /// The noise of one of the codings of an update; nil for none.
    func noise(seed: UInt64, update: Int, ofRoot: Bool) -> CodeNoise? {
        // Moments have the streams below.
        let stream = 1 << 63 | UInt64(2 * update + (ofRoot ? 1 : 0))
        return self == .nearest ? nil : CodeNoise(seed: seed, stream: stream, isSubtracted: self == .dither)
    }
}

extension CodeRounding: AxisValue {}
