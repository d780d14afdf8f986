import Foundation
import MatrixCore
import Quantization
import Testing

@Suite(.enabled(if: Oracle.isAvailable, Oracle.missing))
struct OracleTests {
    @Test func codebooksHaveTheBitsOfTheOracle() throws {
        let script = """
            for name in ("linear", "linear-1.5", "linear-2", "dynamic-tree"):
                for bits in range(2, 9):
                    print(name, bits, *oracle.codebook(name, bits).view(np.uint32))
            """
        let lines = String(decoding: try Oracle.run(script, input: Data()), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 4 * 7)
        for line in lines {
            let fields = line.split(separator: " ")
            let name = try #require(CodebookName(rawValue: String(fields[0])))
            let bits = try #require(Int(fields[1]))
            let expected = fields.dropFirst(2).compactMap { UInt32($0) }
            // The oracle's zero may be negative; both decode to a zero.
            let found = try Codebook(name, bits: bits).values.map { $0 == 0 ? 0 : $0.bitPattern }
            #expect(found == expected.map { $0 == 0x8000_0000 ? 0 : $0 }, "\(name) \(bits)")
        }
    }

    /// Rows of entries, one request for all.
    private struct Case: Codable {
        let codebook: String
        let bits: Int
        let block: Int
        let columns: Int
        let entries: [UInt32]
    }

    private struct Answer: Codable {
        let codes: [UInt8]
        let maxima: [UInt32]
        let decoded: [UInt32]
    }

    @Test func codesMaximaAndValuesAreThoseOfTheOracle() throws {
        let cases = try makeCases()
        let script = """
            answers = []
            for case in json.load(sys.stdin):
                rows = np.array(case["entries"], np.uint32).view(np.float32).reshape(-1, case["columns"])
                book = oracle.codebook(case["codebook"], case["bits"])
                codes, maxima = oracle.encode(rows, book, case["block"])
                decoded = oracle.decode(codes, maxima, book, case["block"])
                answers.append({"codes": codes.ravel().tolist(), "maxima": maxima.ravel().view(np.uint32).tolist(),
                                "decoded": decoded.ravel().view(np.uint32).tolist()})
            json.dump(answers, sys.stdout)
            """
        let answers = try JSONDecoder().decode(
            [Answer].self, from: Oracle.run(script, input: JSONEncoder().encode(cases)))
        #expect(answers.count == cases.count)
        for (request, answer) in zip(cases, answers) { try compare(request, answer) }
    }

    private func compare(_ request: Case, _ answer: Answer) throws {
        let name = try #require(CodebookName(rawValue: request.codebook))
        let coding = try BlockCoding(codebook: Codebook(name, bits: request.bits), blockSize: request.block)
        let blocks = coding.blockCount(length: request.columns)
        let entries = request.entries.map { Float(bitPattern: $0) }
        for row in 0..<entries.count / request.columns {
            let range = row * request.columns..<(row + 1) * request.columns
            let found = ReferenceCodec.encode(Array(entries[range]), coding: coding)
            #expect(
                found.codes == Array(answer.codes[range]),
                "\(request.codebook) \(request.bits) \(request.block), row \(row)")
            #expect(found.maxima.map(\.bitPattern) == Array(answer.maxima[row * blocks..<(row + 1) * blocks]))
            let decoded = ReferenceCodec.decode(codes: found.codes, maxima: found.maxima, coding: coding)
            #expect(decoded == answer.decoded[range].map { Float(bitPattern: $0) })
        }
    }

    /// Random rows, ties (midpoints times a power of two, which is the block's maximum), zeros, entries near 1e-30 and 1e30.
    private func makeCases() throws -> [Case] {
        var cases: [Case] = []
        for name in [CodebookName.linear, .linear1_5, .linear2, .dynamicTree] {
            for bits in 2...8 {
                let midpoints = try Codebook(name, bits: bits).midpoints
                for (seed, block) in [1, 3, 16, 64, 100].enumerated() {
                    var generator = PhiloxGenerator(seed: UInt64(seed), stream: UInt64(bits))
                    let columns = 70
                    var entries: [Float] = []
                    for scale in [1, 1e-30, 1e30] as [Float] {
                        entries += (0..<columns).map { _ in Float(2 * generator.uniform() - 1) * scale }
                    }
                    entries += (0..<columns).map { column in
                        column % block == 0 ? 8 : 8 * midpoints[column * 7 % midpoints.count]
                    }
                    entries += (0..<columns).map { $0 < 64 ? 0 : Float($0) }
                    cases.append(
                        Case(
                            codebook: name.rawValue, bits: bits, block: block, columns: columns,
                            entries: entries.map(\.bitPattern)))
                }
            }
        }
        return cases
    }
}
