/// The codec's definition, in plain loops; every faster one must give the same codes, maxima and values.
///
/// Encoding of a block: m = max |x|; each x becomes x·(1/m) in float32 and gets the nearest code; a midpoint of two
/// values goes to the even of the two codes. A block of zeros has m = 0 and the codes of 0. Where m is so small
/// (2^-128 or less) that 1/m overflows, x/m takes the place of x·(1/m).
///
/// Decoding: the code's value times m, in float32. |x − D(Q(x))| ≤ m·(worst error of the codebook + 2^-22) + 2^-150: x·(1/m)
/// carries two roundings, the midpoint and the decoded value one each. Where m is above 2^126 and 1/m therefore
/// subnormal, 2^-21 takes the place of 2^-22.
public enum ReferenceCodec {
    /// - Returns: the position of the first NaN or infinite entry, or nil.
    public static func encode(
        _ segment: UnsafeBufferPointer<Float>, coding: BlockCoding, codes: UnsafeMutableBufferPointer<UInt8>,
        maxima: UnsafeMutableBufferPointer<Float>
    ) -> Int? {
        if let position = segment.firstIndex(where: { !$0.isFinite }) { return position }
        for block in 0..<coding.blockCount(length: segment.count) {
            let range = block * coding.blockSize..<min((block + 1) * coding.blockSize, segment.count)
            let maximum = range.reduce(Float(0)) { max($0, segment[$1].magnitude) }
            maxima[block] = maximum
            let reciprocal = 1 / maximum
            for index in range {
                let scaled =
                    maximum == 0 ? 0 : reciprocal.isFinite ? segment[index] * reciprocal : segment[index] / maximum
                codes[index] = nearestCode(scaled, coding.codebook)
            }
        }
        return nil
    }

    public static func decode(
        codes: UnsafeBufferPointer<UInt8>, maxima: UnsafeBufferPointer<Float>, coding: BlockCoding,
        segment: UnsafeMutableBufferPointer<Float>
    ) {
        for index in codes.indices {
            segment[index] = coding.codebook.values[Int(codes[index])] * maxima[index / coding.blockSize]
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
