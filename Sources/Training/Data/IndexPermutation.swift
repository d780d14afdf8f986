import MatrixCore

/// A permutation of 0..<count whose entries are computed one by one, so that it takes no memory.
///
/// A Feistel network of six rounds over two halves of the index's bits, keyed by the seed and the epoch; an index that
/// leaves the range is put through again until it is back, which a permutation of the larger range always comes to.
///
/// Sources: Luby, Rackoff, "How to construct pseudorandom permutations from pseudorandom functions", SIAM J. Comput. 17
/// (1988) 373; Black, Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002, section 4 (cycle walking). The round
/// function is the finalizer of Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014, figure 17.
struct IndexPermutation: Sendable {
    let count: Int
    private let halfBits: UInt64
    private let keys: [UInt64]

    init(count: Int, seed: UInt64, epoch: Int) {
        precondition(count >= 1, "a permutation of \(count)")
        self.count = count
        let bits = Int.bitWidth - (count - 1).leadingZeroBitCount
        halfBits = UInt64(max(1, (bits + 1) / 2))
        var generator = PhiloxGenerator(seed: seed, for: .epochOrder, number: epoch)
        keys = (0..<6).map { _ in generator.next() }
    }

    subscript(index: Int) -> Int {
        precondition((0..<count).contains(index), "index \(index) of \(count)")
        var value = UInt64(index)
        repeat { value = shuffled(value) } while value >= UInt64(count)
        return Int(value)
    }

    private func shuffled(_ value: UInt64) -> UInt64 {
        let mask = (UInt64(1) << halfBits) - 1
        var (left, right) = (value >> halfBits, value & mask)
        for key in keys { (left, right) = (right, left ^ mixed(right ^ key) & mask) }
        return left << halfBits | right
    }

    private func mixed(_ value: UInt64) -> UInt64 {
        var z = value &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
