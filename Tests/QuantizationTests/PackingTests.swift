import MatrixCore
import Quantization
import Testing

@Suite struct PackingTests {
    @Test(arguments: 2...8)
    func unpackingUndoesPacking(bits: Int) {
        var generator = PhiloxGenerator(seed: 5)
        for count in 0...130 {
            let codes = (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next() & (1 << bits - 1)) }
            let bytes = pack(codes: codes, bits: bits)
            #expect(bytes.count == (count * bits + 7) / 8)
            #expect(bytes.count == packedByteCount(codes: count, bits: bits))
            #expect(unpack(bytes: bytes, count: count, bits: bits) == codes)
        }
    }

    /// Bit k of the stream is bit k % 8 of byte k / 8, and bit i of a code is bit bits·index + i of the stream.
    @Test(arguments: 2...8)
    func theStreamBitByBit(bits: Int) {
        var generator = PhiloxGenerator(seed: 6)
        let codes = (0..<41).map { _ in UInt8(truncatingIfNeeded: generator.next() & (1 << bits - 1)) }
        var expected = [UInt8](repeating: 0, count: (41 * bits + 7) / 8)
        for (index, code) in codes.enumerated() {
            for bit in 0..<bits where code >> bit & 1 == 1 {
                expected[(bits * index + bit) / 8] |= 1 << ((bits * index + bit) % 8)
            }
        }
        #expect(pack(codes: codes, bits: bits) == expected)
    }

    @Test func fourBitsFillTheLowHalfFirst() {
        #expect(pack(codes: [0x1, 0x2, 0xF], bits: 4) == [0x21, 0x0F])
    }

    /// 5, 3, 1, 7, 2 as 3 bits each, the first lowest: 101, 011, 001, 111, 010 → 010·111·001·011·101 from the top.
    @Test func threeBitsByHand() {
        #expect(pack(codes: [5, 3, 1, 7, 2], bits: 3) == [0b0101_1101, 0b0010_1110])
        #expect(unpack(bytes: [0b0101_1101, 0b0010_1110], count: 5, bits: 3) == [5, 3, 1, 7, 2])
    }

    @Test func eightBitsAreTheCodes() {
        #expect(pack(codes: [0, 255, 7], bits: 8) == [0, 255, 7])
    }
}
