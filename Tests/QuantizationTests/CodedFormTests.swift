import MatrixCore
import Quantization
import TestSupport
import Testing

private let regions = [CodedRegion.columns, .strictUpper, .strictLower]

private func coding(_ blockSize: Int, bits: Int = 4) throws -> BlockCoding {
    try BlockCoding(codebook: Codebook(.linear2, bits: bits), blockSize: blockSize)
}

@Suite struct CodedFormTests {
    @Test(arguments: regions)
    func regionsHoldTheirEntries(region: CodedRegion) throws {
        for (rows, columns) in [(0, 0), (0, 3), (3, 0), (1, 1), (2, 2), (7, 7), (64, 64), (3, 8), (8, 3), (1, 5), (5, 1)] {
            let form = CodedForm(rows: rows, columns: columns, region: region, codings: .all(try coding(2)))
            var (entries, blocks) = (0, 0)
            for column in 0..<columns {
                let expected = (0..<rows).filter { row in
                    switch region {
                    case .columns: true
                    case .strictUpper: row < column
                    case .strictLower: row > column
                    }
                }
                #expect(Array(form.rows(ofColumn: column)) == expected)
                entries += expected.count
                blocks += (expected.count + 1) / 2
            }
            #expect(form.entryCount == entries && form.blockCount == blocks)
            #expect(form.plainByteCount == (4 * entries + 7) / 8 && form.maximaByteCount == 4 * blocks)
        }
    }

    /// Of order 3 at 4 bits and block 2, by hand: 9 codes in 5 bytes and 2 maxima for each of 3 columns; of a triangle
    /// 3 codes in 2 bytes, in segments of 1 and 2. Of 2 × 4: 8 codes in 4 bytes, 4 maxima; of its upper triangle 0, 1, 2 and 2
    /// codes in 3 bytes with 3 maxima; of its lower one a single code.
    @Test func bytesByHand() throws {
        func bytes(_ rows: Int, _ columns: Int, _ region: CodedRegion) throws -> [Int] {
            let form = CodedForm(rows: rows, columns: columns, region: region, codings: .all(try coding(2)))
            return [form.plainByteCount, form.maximaByteCount]
        }
        #expect(try bytes(3, 3, .columns) == [5, 4 * 6])
        #expect(try bytes(3, 3, .strictUpper) == [2, 4 * 2])
        #expect(try bytes(3, 3, .strictLower) == [2, 4 * 2])
        #expect(try bytes(0, 0, .columns) == [0, 0])
        #expect(try bytes(2, 4, .columns) == [4, 4 * 4])
        #expect(try bytes(2, 4, .strictUpper) == [3, 4 * 3])
        #expect(try bytes(2, 4, .strictLower) == [1, 4])
    }

    /// Wang et al. 2024, appendix G: 4.5 bits an entry at block 64; order 1200 as in methods.
    @Test func bytesOfThePublishedSize() throws {
        let large = CodedForm(order: 1200, region: .columns, coding: try coding(64))
        #expect(large.plainByteCount == 720_000 && large.maximaByteCount == 91_200)
        let form = CodedForm(order: 128, region: .columns, coding: try coding(64))
        #expect(8 * (form.plainByteCount + form.maximaByteCount) * 2 == 9 * 128 * 128)
        // QLoRA, section 3: 0.127 bits an entry in place of 0.5, of 2^18 entries in blocks of 64, but for the mean.
        let doubly = CodedForm(
            rows: 512, columns: 512, region: .columns, codings: .all(try coding(64)), maxima: .doubleQuantized)
        expectBound((8 * Double(doubly.maximaByteCount - 4) / 0x1p18 - 0.127).magnitude, atMost: 0.0005)
    }

    /// Columns of 3 entries with 3, 3, 5 and 3 bits: 18, 15 and 9 bits, each run from a whole byte on.
    @Test func runsOfCodings() throws {
        let (three, five) = (try coding(2, bits: 3), try coding(64, bits: 5))
        let form = CodedForm(rows: 3, columns: 4, region: .columns, codings: .each([three, three, five, three]))
        #expect(form.runs.map(\.columns) == [0..<2, 2..<3, 3..<4])
        #expect(form.runs.map(\.coding) == [three, five, three])
        #expect(form.runs.map(\.codeCount) == [6, 3, 3])
        #expect(form.runs.map(\.blocks) == [0..<4, 4..<5, 5..<7])
        #expect(form.runs.map(\.bytes) == [0..<3, 3..<5, 5..<7])
        let codes: [UInt8] = [1, 2, 3, 4, 5, 6, 31, 0, 17, 7, 0, 7]
        // 3 bits: 1 | 2 << 3 | 3 << 6 …; 5 bits: 31 | 17 << 10; 3 bits: 7 | 7 << 6.
        #expect(form.packed(codes) == [0xD1, 0x58, 0x03, 0x1F, 0x44, 0xC7, 0x01])
        let matrix = CodedMatrix(
            form: form, packedCodes: form.packed(codes), blockMaxima: .exact([Float](repeating: 1, count: 7)),
            diagonal: nil)
        #expect(matrix.codes == codes && matrix.byteCount == 7 + 28)
    }
}

@Suite struct CodedMaximaTests {
    /// Half the widest gap of the codebook times the largest difference of the group, 0.9/128 (`dynamic-tree` with 8 bits has
    /// 64 values in [0.1, 1]), and four roundings of at most the largest maximum.
    @Test(arguments: [0, 1, 2, 255, 256, 257, 1000])
    func areWithinTheirBound(count: Int) {
        var generator = PhiloxGenerator(seed: 7)
        let maxima = (0..<count).map { Float(generator.uniform() * ($0 % 5 == 0 ? 10 : 1)) }
        let kept = BlockMaxima(maxima, format: .doubleQuantized)
        #expect(kept.count == count && kept.values.count == count && kept.isOf(.doubleQuantized))
        guard case .coded(let coded) = kept else { return #expect(Bool(false)) }
        let mean = maxima.reduce(0.0) { $0 + Double($1) } / Double(max(count, 1))
        expectBound((Double(coded.mean) - mean).magnitude, atMost: 0x1p-24 * mean)
        for first in stride(from: 0, to: count, by: 256) {
            let group = first..<min(first + 256, count)
            let spread = group.reduce(0.0) { max($0, (Double(maxima[$1]) - mean).magnitude) }
            for index in group {
                expectBound(
                    (Double(kept.values[index]) - Double(maxima[index])).magnitude,
                    atMost: 0.9 / 128 * spread + 4 * 0x1p-24 * 10)
                #expect(kept.values[index] >= 0)
            }
        }
    }

    @Test func equalMaximaAreExact() {
        let maxima = [Float](repeating: 0.3, count: 300)
        #expect(BlockMaxima(maxima, format: .doubleQuantized).values == maxima)
        #expect(BlockMaxima([], format: .doubleQuantized).values.isEmpty)
    }
}
