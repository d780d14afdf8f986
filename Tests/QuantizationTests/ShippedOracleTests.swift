import Quantization
import TestSupport
import Testing

/// Codebooks and codes against mpmath and exact fractions, of scripts/make-oracles.
@Suite struct ShippedOracleTests {
    private struct Oracle: Decodable {
        struct Row: Decodable {
            let codebook: String
            let bits: Int
            let block: Int
            let entries: [UInt32]
            let codes: [UInt8]
            let maxima: [UInt32]
        }

        /// Bit patterns by name and bits.
        let codebooks: [String: [String: [UInt32]]]
        let rows: [Row]
    }

    @Test func codebooks() throws {
        let oracle = try shippedOracle("codec", as: Oracle.self)
        #expect(oracle.codebooks.count == 4)
        for (name, books) in oracle.codebooks {
            #expect(books.count == 7)
            for (bits, patterns) in books {
                let book = try Codebook(#require(CodebookName(rawValue: name)), bits: #require(Int(bits)))
                #expect(book.values.map(\.bitPattern) == patterns, "\(name), \(bits) bits")
            }
        }
    }

    /// Random rows, at 2^-100 too, ties, and zeros.
    @Test func codesAndMaxima() throws {
        let oracle = try shippedOracle("codec", as: Oracle.self)
        #expect(oracle.rows.count == 4 * 5 * 4)
        for row in oracle.rows {
            let codebook = try Codebook(#require(CodebookName(rawValue: row.codebook)), bits: row.bits)
            let coded = ReferenceCodec.encode(
                row.entries.map { Float(bitPattern: $0) },
                coding: try BlockCoding(codebook: codebook, blockSize: row.block))
            #expect(coded.codes == row.codes, "\(row.codebook) \(row.bits) \(row.block)")
            #expect(coded.maxima.map(\.bitPattern) == row.maxima, "\(row.codebook) \(row.bits) \(row.block)")
        }
    }
}
