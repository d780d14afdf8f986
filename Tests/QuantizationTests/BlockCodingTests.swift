import Quantization
import Testing

@Suite struct BlockCodingTests {
    private func coding(_ blockSize: Int, bits: Int = 4) throws -> BlockCoding {
        try BlockCoding(codebook: Codebook(.linear2, bits: bits), blockSize: blockSize)
    }

    @Test func blockSizesBelowOne() {
        for size in [0, -1, Int.min] {
            #expect(throws: QuantizationError.invalidBlockSize(size)) { try coding(size) }
        }
        #expect(QuantizationError.invalidBlockSize(0).description == "block size 0: it must be at least 1")
    }

    @Test func theLastBlockMayBeShort() throws {
        let cases = [
            (64, 0, 0), (64, 1, 1), (64, 63, 1), (64, 64, 1), (64, 65, 2), (64, 128, 2), (64, 129, 3), (1, 7, 7),
            (Int.max, 5, 1), (Int.max, 0, 0),
        ]
        for (size, length, count) in cases { #expect(try coding(size).blockCount(length: length) == count) }
    }
}
