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

    @Test(arguments: [CodedRegion.columns, .strictUpper, .strictLower])
    func regionsHoldTheirEntries(region: CodedRegion) throws {
        for order in [0, 1, 2, 3, 7, 64] {
            var entries = 0
            for column in 0..<order {
                let rows = region.rows(ofColumn: column, order: order)
                let expected = (0..<order).filter { row in
                    switch region {
                    case .columns: true
                    case .strictUpper: row < column
                    case .strictLower: row > column
                    }
                }
                #expect(Array(rows) == expected)
                entries += expected.count
            }
            #expect(region.entryCount(order: order) == entries)
        }
    }

    /// Of order 3 at 4 bits and block 2, by hand: 9 codes in 5 bytes and 2 maxima for each of 3 columns; of a triangle
    /// 3 codes in 2 bytes, in segments of 1 and 2.
    @Test func bytesByHand() throws {
        let coding = try coding(2)
        #expect(CodedRegion.columns.byteCount(order: 3, coding: coding) == 5 + 4 * 6)
        #expect(CodedRegion.strictUpper.byteCount(order: 3, coding: coding) == 2 + 4 * 2)
        #expect(CodedRegion.strictLower.byteCount(order: 3, coding: coding) == 2 + 4 * 2)
        #expect(CodedRegion.columns.byteCount(order: 0, coding: coding) == 0)
    }

    /// Wang et al. 2024, appendix G: 4.5 bits an entry at block 64; order 1200 as in methods.
    @Test func bytesOfThePublishedSize() throws {
        #expect(CodedRegion.columns.byteCount(order: 1200, coding: try coding(64)) == 720_000 + 91_200)
        #expect(8 * CodedRegion.columns.byteCount(order: 128, coding: try coding(64)) * 2 == 9 * 128 * 128)
    }
}
