// Interleaved static rANS: states of 32 bits from 2^16 on, words of 16 bits, one state a lane. A strip is its groups' scale
// indices, one byte each, the states that a decoder begins with, little-endian, and the words in the order in which it reads
// them.
//
// Source: Duda, arXiv 1311.2540; interleaved as in Giesen, arXiv 1402.3392.

private let leastState: UInt32 = 1 << 16

/// Bytes that are no strip of symbols.
public struct DamagedSymbols: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String
}

/// A symbol that the coder has no place for.
public struct SymbolRangeError: Error, Sendable, Equatable, CustomStringConvertible {
    public let symbol: Int

    public init(symbol: Int) { self.symbol = symbol }

    public var description: String { "the symbol \(symbol) is too far from the others of its group to be coded" }
}

extension SymbolStrip {
    /// The bytes of the symbols, given in the order of the strip, and the scale index of every group.
    ///
    /// - Throws: `SymbolRangeError`.
    /// - Precondition: as many symbols as the strip has.
    public func encoded(_ symbols: [Int32]) throws(SymbolRangeError) -> (bytes: [UInt8], indices: [UInt8]) {
        precondition(symbols.count == symbolCount, "\(symbols.count) symbols for a strip of \(symbolCount)")
        guard !symbols.isEmpty else { return ([], []) }
        let indices = scaleIndices(of: symbols)
        var states = [UInt32](repeating: leastState, count: lanes)
        // A symbol writes three words at most.
        var words = [UInt16](repeating: 0, count: 3 * symbols.count)
        let (used, refused) = words.withUnsafeMutableBufferPointer { words in
            states.withUnsafeMutableBufferPointer { encode(symbols, indices, &$0, &words) }
        }
        if let refused { throw SymbolRangeError(symbol: Int(symbols[refused])) }
        var bytes = indices
        bytes.reserveCapacity(indices.count + 4 * states.count + 2 * used)
        for state in states { for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: state >> shift)) } }
        for word in words[..<used].reversed() {
            bytes.append(UInt8(truncatingIfNeeded: word))
            bytes.append(UInt8(truncatingIfNeeded: word >> 8))
        }
        return (bytes, indices)
    }

    /// The number of words, last first, and the position of a symbol that has no code.
    private func encode(
        _ symbols: [Int32], _ indices: [UInt8], _ states: inout UnsafeMutableBufferPointer<UInt32>,
        _ words: inout UnsafeMutableBufferPointer<UInt16>
    ) -> (words: Int, refused: Int?) {
        let tables = SymbolDistribution.tables
        let split = indices.map { SymbolDistribution.split(max(Int($0), 1)) }
        return tables.frequencies.withUnsafeBufferPointer { frequencies in
            tables.cumulative.withUnsafeBufferPointer { cumulative in
                symbols.withUnsafeBufferPointer { symbols in
                    var (position, used) = (symbols.count, 0)
                    for column in stride(from: columns - 1, through: 0, by: -1) {
                        let range = rows(ofColumn: column)
                        for row in stride(from: range.upperBound - 1, through: range.lowerBound, by: -1) {
                            position -= 1
                            let group = group(column: column, row: row)
                            if indices[group] == 0 { continue }
                            let rawBits = UInt32(truncatingIfNeeded: split[group].rawBits)
                            let number = split[group].table - 1
                            let largest = tables.largest[number]
                            var x = states[row % Self.laneCount]
                            var high = symbols[position]
                            if rawBits > 0 {
                                let raised = high &+ (1 << Int32(rawBits)) >> 1
                                if x >= 1 << (32 - rawBits) {
                                    words[used] = UInt16(truncatingIfNeeded: x)
                                    (used, x) = (used + 1, x >> 16)
                                }
                                x = x << rawBits | UInt32(bitPattern: raised) & (1 << rawBits &- 1)
                                high = raised >> Int32(rawBits)
                            }
                            var place = Int(high) + Int(largest)
                            if high.magnitude > UInt32(largest) {
                                guard high.magnitude < 1 << 15 else { return (used, position) }
                                if x >= leastState {
                                    words[used] = UInt16(truncatingIfNeeded: x)
                                    (used, x) = (used + 1, x >> 16)
                                }
                                x = x << 16 | UInt32(high + 1 << 15)
                                place = 2 * Int(largest) + 1
                            }
                            place += number * SymbolDistribution.places
                            let frequency = frequencies[place]
                            if UInt64(x) >= UInt64(frequency) << (32 - SymbolDistribution.precision) {
                                words[used] = UInt16(truncatingIfNeeded: x)
                                (used, x) = (used + 1, x >> 16)
                            }
                            let (quotient, remainder) = x.quotientAndRemainder(dividingBy: frequency)
                            states[row % Self.laneCount] =
                                quotient << UInt32(SymbolDistribution.precision) &+ remainder &+ cumulative[place]
                        }
                    }
                    return (used, nil)
                }
            }
        }
    }

    /// The symbols of a strip in its order, and the scale index of every group.
    ///
    /// - Throws: `DamagedSymbols` for bytes that no encoder has written.
    public func decoded(_ bytes: ArraySlice<UInt8>) throws(DamagedSymbols) -> (symbols: [Int32], indices: [UInt8]) {
        let count = symbolCount
        guard count > 0 else {
            guard bytes.isEmpty else { throw DamagedSymbols(description: "\(bytes.count) bytes for no symbols") }
            return ([], [])
        }
        let head = groupCount + 4 * lanes
        guard bytes.count >= head, (bytes.count - head).isMultiple(of: 2) else {
            throw DamagedSymbols(description: "\(bytes.count) bytes for a strip that begins with \(head)")
        }
        let indices = Array(bytes.prefix(groupCount))
        if let wrong = indices.first(where: { $0 > SymbolDistribution.largestIndex }) {
            throw DamagedSymbols(description: "the scale index \(wrong) is above \(SymbolDistribution.largestIndex)")
        }
        var symbols = [Int32](repeating: 0, count: count)
        let isWhole = bytes.withUnsafeBufferPointer { bytes in
            symbols.withUnsafeMutableBufferPointer { decode(bytes, indices, into: $0) }
        }
        guard isWhole else { throw DamagedSymbols(description: "its words and states do not end together") }
        return (symbols, indices)
    }

    /// Whether words and states end together.
    private func decode(
        _ bytes: UnsafeBufferPointer<UInt8>, _ indices: [UInt8], into symbols: UnsafeMutableBufferPointer<Int32>
    ) -> Bool {
        let tables = SymbolDistribution.tables
        let split = indices.map { SymbolDistribution.split(max(Int($0), 1)) }
        var at = groupCount
        var states = (0..<lanes).map { lane in
            (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + 4 * lane + $1]) << UInt32(8 * $1) }
        }
        at += 4 * lanes
        guard states.allSatisfy({ $0 >= leastState }) else { return false }
        var isShort = false
        /// x, with the next word behind it where x has become too small.
        @inline(__always)
        func renormalized(_ x: UInt32) -> UInt32 {
            if x >= leastState { return x }
            guard at < bytes.count else {
                isShort = true
                return leastState
            }
            defer { at += 2 }
            return x << 16 | UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8
        }
        tables.slots.withUnsafeBufferPointer { slots in
            states.withUnsafeMutableBufferPointer { states in
                var position = 0
                for column in 0..<columns {
                    let range = rows(ofColumn: column)
                    for row in range.lowerBound..<range.upperBound {
                        defer { position += 1 }
                        let group = group(column: column, row: row)
                        if indices[group] == 0 { continue }
                        let number = split[group].table - 1
                        let largest = tables.largest[number]
                        var x = states[row % Self.laneCount]
                        let slot = slots[number << SymbolDistribution.precision | Int(x & 0xFFF)]
                        let place = Int32(slot & 0xFF)
                        x = renormalized(((slot >> 8 & 0xFFF) &+ 1) &* (x >> 12) &+ slot >> 20)
                        var symbol = place - largest
                        if symbol > largest {
                            symbol = Int32(x & 0xFFFF) - 1 << 15
                            x = renormalized(x >> 16)
                        }
                        let rawBits = UInt32(truncatingIfNeeded: split[group].rawBits)
                        if rawBits > 0 {
                            symbol = symbol << Int32(rawBits) | Int32(x & (1 << rawBits &- 1))
                            symbol -= (1 << Int32(rawBits)) >> 1
                            x = renormalized(x >> rawBits)
                        }
                        states[row % Self.laneCount] = x
                        symbols[position] = symbol
                    }
                }
            }
        }
        return !isShort && at == bytes.count && states.allSatisfy { $0 == leastState }
    }
}
