import MatrixCore
import Quantization

extension CodeNoise {
    /// The offset of every entry of a part of a column: the first 53 bits of Philox4x32-10 for the counter (row, column, stream) as
    /// a multiple of 2^-53, less 1/2.
    public func offsets(rows: Range<Int>, column: Int) -> [Double] {
        let key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        let stream = SIMD2(UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32))
        return rows.map { row in
            let words = PhiloxGenerator.block(
                counter: SIMD4(UInt32(row), UInt32(column), stream[0], stream[1]), key: key)
            return Double((UInt64(words[0]) | UInt64(words[1]) << 32) >> 11) * 0x1p-53 - 0.5
        }
    }
}
