import Foundation

extension SymbolStrip {
    /// The scale index of every group with which its symbols take the fewest bits.
    func scaleIndices(of symbols: [Int32]) -> [UInt8] {
        switch self {
        case .triangle:
            // A tile's symbols follow one another.
            var start = 0
            return symbols.withUnsafeBufferPointer { symbols in
                (0..<groupCount).map { tile in
                    let tileColumns = tile * Self.height..<min((tile + 1) * Self.height, columns)
                    let end = tileColumns.reduce(start) { $0 + rows(ofColumn: $1).count }
                    defer { start = end }
                    return SymbolDistribution.bestIndex(UnsafeBufferPointer(rebasing: symbols[start..<end]))
                }
            }
        case .sequences:
            var groups = [[Int32]](repeating: [], count: groupCount)
            var position = 0
            for column in 0..<columns {
                for row in rows(ofColumn: column) {
                    groups[row].append(symbols[position])
                    position += 1
                }
            }
            return groups.map { SymbolDistribution.bestIndex($0) }
        }
    }
}

extension SymbolDistribution {
    /// The scale index with which the symbols of a group take the fewest bits, looked for within two steps of the one of their
    /// root mean square; 0 where all are zero.
    public static func bestIndex(_ symbols: [Int32]) -> UInt8 { symbols.withUnsafeBufferPointer { bestIndex($0) } }

    static func bestIndex(_ symbols: UnsafeBufferPointer<Int32>) -> UInt8 {
        var (square, largest) = (0.0, UInt32(0))
        for symbol in symbols {
            square += Double(symbol) * Double(symbol)
            largest = max(largest, symbol.magnitude)
        }
        guard largest > 0 else { return 0 }
        let deviation = (square / Double(symbols.count)).squareRoot()
        let nearest = min(largestIndex, max(1, Int((4 * log2(deviation) + 17.5).rounded(.down))))
        var counts: [Int32] = []
        if largest < UInt32(places) {
            counts = [Int32](repeating: 0, count: Int(largest) + 1)
            counts.withUnsafeMutableBufferPointer { counts in
                for symbol in symbols { counts[Int(symbol.magnitude)] += 1 }
            }
        }
        var best = (index: nearest, cost: Double.infinity)
        for index in max(1, nearest - 2)...min(largestIndex, nearest + 2) {
            let cost = cost(of: symbols, counts, index)
            if cost < best.cost { best = (index, cost) }
        }
        return UInt8(best.index)
    }

    /// The bits of the symbols of a group.
    ///
    /// - Parameter counts: how many there are of every magnitude, where the largest one is small.
    private static func cost(of symbols: UnsafeBufferPointer<Int32>, _ counts: [Int32], _ index: Int) -> Double {
        let (table, rawBits) = split(index)
        return tables.costs[table - 1].withUnsafeBufferPointer { costs in
            var sum = Double(rawBits * symbols.count)
            if rawBits == 0 && !counts.isEmpty {
                for (magnitude, count) in counts.enumerated() { sum += Double(count) * costs[min(magnitude, costs.count - 1)] }
            } else {
                let half: Int32 = (1 << Int32(rawBits)) >> 1
                for symbol in symbols {
                    sum += costs[min(Int(((symbol &+ half) >> Int32(rawBits)).magnitude), costs.count - 1)]
                }
            }
            return sum
        }
    }
}
