/// The codec's definition, in plain loops; every faster one must give the same codes, maxima and values.
///
/// Encoding of a block: m = max |x|, or with a sign the entry of largest magnitude, the first of equal ones; each x becomes x·(1/m) in float32 and gets the nearest code; a midpoint of two
/// values goes to the even of the two codes. A block of zeros has m = 0 and the codes of 0. Where m is so small
/// (2^-128 or less) that 1/m overflows, x/m takes the place of x·(1/m).
///
/// Decoding: the code's value times m, in float32. |x − D(Q(x))| ≤ m·(worst error of the codebook + 2^-22) + 2^-150: x·(1/m)
/// carries two roundings, the midpoint and the decoded value one each. Where m is above 2^126 and 1/m therefore
/// subnormal, 2^-21 takes the place of 2^-22.
///
/// With offsets, one an entry, in the place of the nearest code stands that of `CodeNoise`.
public enum ReferenceCodec {
    /// The codes of a segment and its block maxima.
    ///
    /// - Parameter offsets: of noise, one an entry; nil for the nearest codes.
    /// - Precondition: the entries are finite.
    public static func encode(
        _ segment: [Float], coding: BlockCoding, signed: Bool = false, offsets: [Double]? = nil
    ) -> (codes: [UInt8], maxima: [Float]) {
        precondition(segment.allSatisfy(\.isFinite), "entries to be coded that are not finite")
        var (codes, maxima): ([UInt8], [Float]) = ([], [])
        for start in stride(from: 0, to: segment.count, by: coding.blockSize) {
            let block = segment[start..<min(start + coding.blockSize, segment.count)]
            let largest = block.reduce(Float(0)) { $1.magnitude > $0.magnitude ? $1 : $0 }
            let maximum = signed ? largest : largest.magnitude
            maxima.append(maximum)
            let reciprocal = 1 / maximum
            for entry in block {
                let scaled = maximum == 0 ? 0 : reciprocal.isFinite ? entry * reciprocal : entry / maximum
                codes.append(
                    offsets.map { code(scaled, offset: $0[codes.count], coding.codebook) }
                        ?? nearestCode(scaled, coding.codebook))
            }
        }
        return (codes, maxima)
    }

    /// The entries of a segment.
    ///
    /// - Parameter offsets: of noise that is taken off, one an entry.
    public static func decode(
        codes: [UInt8], maxima: [Float], coding: BlockCoding, offsets: [Double]? = nil
    ) -> [Float] {
        codes.enumerated().map { index, code in
            let entry =
                offsets.map { value(of: code, offset: $0[index], coding.codebook) } ?? coding.codebook.values[Int(code)]
            return entry * maxima[index / coding.blockSize]
        }
    }

    /// The number of midpoints below x, which is the nearest code; at a midpoint, the even one of its two neighbours.
    public static func nearestCode(_ x: Float, _ codebook: Codebook) -> UInt8 {
        let midpoints = codebook.midpoints
        var low = 0
        var high = midpoints.count
        while low < high {
            let middle = (low + high) / 2
            if midpoints[middle] < x { low = middle + 1 } else { high = middle }
        }
        if low < midpoints.count && midpoints[low] == x && low % 2 == 1 { low += 1 }
        return UInt8(low)
    }
}
