import Foundation
import Testing

@testable import EntropyCoding

/// A generator of the same numbers everywhere (xorshift).
struct Symbols {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    /// About normal.
    mutating func next(deviation: Double) -> Int32 {
        let sum = (0..<12).reduce(-6.0) { sum, _ in sum + Double(next() >> 11) * 0x1p-53 }
        return Int32((sum * deviation).rounded())
    }
}

private let strips: [SymbolStrip] =
    [0, 32, 64, 320].flatMap { first in [1, 2, 7, 8, 9, 31, 32].map { .triangle(first: first, rows: $0) } }
    + [0, 1, 2, 31, 100].flatMap { length in [1, 3, 8, 32].map { .sequences(length: length, rows: $0) } }

@Suite struct SymbolStripTests {
    /// Every row of a strict lower triangle up to its diagonal, every sequence to its end, each column from the first row on.
    @Test func order() {
        var places: [[Int]] = []
        SymbolStrip.triangle(first: 1, rows: 3).forEach([0, 0, 0, 0, 0, 0]) { column, row, _ in places.append([column, row]) }
        #expect(places == [[0, 0], [0, 1], [0, 2], [1, 1], [1, 2], [2, 2]])
        places = []
        SymbolStrip.sequences(length: 3, rows: 2).forEach([0, 0, 0, 0, 0]) { column, row, _ in places.append([column, row]) }
        #expect(places == [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0]])
        #expect(SymbolStrip.triangle(first: 0, rows: 1).symbolCount == 0)
        #expect(SymbolStrip.triangle(first: 64, rows: 32).symbolCount == 32 * 64 + 31 * 16)
    }

    /// What is decoded is what was encoded, in so many bytes: one a group, four a lane, two a word.
    @Test(arguments: [0, 0.2, 1, 7, 40, 3000, 200_000]) func everythingComesBack(deviation: Double) throws {
        for (number, strip) in strips.enumerated() {
            var generator = Symbols(seed: UInt64(number + 1))
            let symbols = strip.collect { column, row in
                // Groups of their own deviations, and now and then one that escapes.
                generator.next() % 97 == 0
                    ? Int32(truncatingIfNeeded: generator.next() % 20_000)
                    : generator.next(deviation: deviation * Double(1 + (row / 8 + column / 32) % 3))
            }
            let (bytes, indices) = try strip.encoded(symbols)
            let (found, foundIndices) = try strip.decoded(bytes[...])
            #expect(found == symbols && foundIndices == indices, "\(strip)")
            let lanes: Int
            switch strip {
            case .triangle(_, let rows), .sequences(_, let rows): lanes = min(8, rows)
            }
            let head = symbols.isEmpty ? 0 : strip.groupCount + 4 * lanes
            #expect(bytes.count >= head && (bytes.count - head) % 2 == 0)
            if deviation == 0 && symbols.allSatisfy({ $0 == 0 }) { #expect(bytes.count == head) }
        }
    }

    /// Shannon's code lengths under the tables' own frequencies: states lose a thousandth of them, and hold up to 32 bits a lane
    /// in the end.
    @Test(arguments: [0.5, 1, 3]) func length(deviation: Double) throws {
        let strip = SymbolStrip.triangle(first: 1024, rows: 32)
        var generator = Symbols(seed: 5)
        let symbols = strip.collect { _, _ in generator.next(deviation: deviation) }
        let (bytes, indices) = try strip.encoded(symbols)
        var ideal = 0.0
        strip.forEach(symbols) { column, _, symbol in
            let costs = SymbolDistribution.tables.costs[Int(indices[column / 32]) - 1]
            ideal += costs[min(Int(symbol.magnitude), costs.count - 1)]
        }
        let bits = Double(8 * (bytes.count - strip.groupCount))
        #expect(bits >= ideal && bits <= 1.001 * ideal + 32 * 8, "\(bits) for \(ideal)")
    }

    /// Whatever the bytes: symbols or an error.
    @Test func damage() throws {
        let strip = SymbolStrip.triangle(first: 64, rows: 19)
        var generator = Symbols(seed: 9)
        let symbols = strip.collect { column, _ in generator.next(deviation: column < 32 ? 0.6 : 60) }
        let bytes = try strip.encoded(symbols).bytes
        for count in 0..<bytes.count { #expect(throws: DamagedSymbols.self) { try strip.decoded(bytes[..<count]) } }
        #expect(throws: DamagedSymbols.self) { try strip.decoded(bytes[...] + [0, 0]) }
        var refused = 0
        for _ in 0..<20_000 {
            var damaged = bytes
            for _ in 0...generator.next() % 3 {
                damaged[Int(generator.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: generator.next())
            }
            do {
                let (found, _) = try strip.decoded(damaged[...])
                #expect(found.count == symbols.count)
            } catch {
                refused += 1
            }
        }
        // Words and states hardly ever end together by chance; but raw bits, half of this strip's, are what they are.
        #expect(refused > 15_000)
    }

    /// A group of the widest scale has 15 raw bits below an escape of 16.
    @Test func symbolsOutOfRange() throws {
        let strip = SymbolStrip.sequences(length: 1, rows: 1)
        let largest: Int32 = 1 << 30 - 1 << 14 - 1
        #expect(try strip.decoded(strip.encoded([largest]).bytes[...]).symbols == [largest])
        #expect(throws: SymbolRangeError(symbol: Int(largest) + 1)) { try strip.encoded([largest + 1]) }
        #expect(throws: DamagedSymbols.self) { try SymbolStrip.triangle(first: 0, rows: 1).decoded([0]) }
    }
}
