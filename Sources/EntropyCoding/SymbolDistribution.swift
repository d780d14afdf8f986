/// The static distributions of the entropy coder, as integers: a decoder has no use for an exponential.
///
/// A scale index says how symbols are distributed. 0: all are zero, and nothing is coded. 1 … 28: the deviation is
/// 2^((i − 17)/4) steps of the mixture ½·N(0, ½σ²) + ½·N(0, 3⁄2·σ²), between the Gaussian of a mixed basis and the heavier tails
/// of trained networks. From 29 on, i = 25 + 4s + r: the s low bits are raw, and the rest has the distribution 25 + r.
///
/// Numbers: `../shared/reference/entropy_tables.txt` of the format's definition.
public enum SymbolDistribution {
    /// The largest scale index.
    public static let largestIndex = 88
    /// Frequencies add up to 2^12.
    static let precision = 12
    static let total = 1 << precision
    static let plainCount = 28

    /// The distribution and the number of raw bits of a scale index that is not 0.
    static func split(_ index: Int) -> (table: Int, rawBits: Int) {
        index <= plainCount ? (index, 0) : (25 + (index - 25) % 4, (index - 25) / 4)
    }

    /// The value, in steps, that a symbol of a scale index stands for: sign(z)·max(ρ|z|, |z| − ½), towards the mean of its bin and
    /// never outside of it.
    public static func value(of symbol: Int32, index: Int) -> Double {
        value(of: symbol, shrinking: shrinking(index))
    }

    @inlinable
    public static func value(of symbol: Int32, shrinking: Double) -> Double {
        let magnitude = Double(symbol.magnitude)
        let value = max(shrinking * magnitude, magnitude - 0.5)
        return symbol < 0 ? -value : value
    }

    /// ρ of a scale index.
    public static func shrinking(_ index: Int) -> Double {
        index == 0 || index > plainCount ? 1 : Double(definitions[index - 1].shrinking) / 65536
    }

    /// The most places of a table: 2Z + 1 symbols and the escape.
    static let places = 64

    /// All tables in one piece each, a table after the other from index 1 on; the loops of the coder take them by address.
    struct Tables: Sendable {
        /// Z: the symbols −Z … Z are in the places 0 … 2Z, and the escape in place 2Z + 1.
        var largest: [Int32] = []
        /// `places` a table.
        var frequencies: [UInt32] = []
        var cumulative: [UInt32] = []
        /// 2^12 a table, by the low bits of a state: place | (frequency − 1) << 8 | offset << 20.
        var slots: [UInt32] = []
        /// The bits of a symbol by |z| ≤ Z, and last those of the escape with its 16 raw bits.
        var costs: [[Double]] = []
    }

    static let tables: Tables = {
        var tables = Tables()
        for (_, escape, half) in definitions {
            let counts = half.dropFirst().reversed() + half + [escape]
            precondition(counts.reduce(0, +) == total, "frequencies that do not add up to \(total)")
            tables.largest.append(Int32(half.count - 1))
            var sum = 0
            for place in 0..<places {
                let frequency = place < counts.count ? counts[place] : 0
                tables.frequencies.append(UInt32(frequency))
                tables.cumulative.append(UInt32(sum))
                for offset in 0..<frequency {
                    tables.slots.append(UInt32(place) | UInt32(frequency - 1) << 8 | UInt32(offset) << 20)
                }
                sum += frequency
            }
            tables.costs.append(
                half.map { Double(precision) - binaryLogarithm($0) } + [Double(precision + 16) - binaryLogarithm(escape)])
        }
        return tables
    }()

    /// ρ·2^16, the frequency of the escape, and those of the symbols 0 … Z; of −z as of z.
    private static let definitions: [(shrinking: Int, escape: Int, half: [Int])] = [
        (33504, 1, [4093, 1]),
        (33792, 1, [4093, 1]),
        (34186, 1, [4093, 1]),
        (34718, 1, [4093, 1]),
        (35431, 1, [4093, 1]),
        (36371, 1, [4083, 6]),
        (37591, 1, [4053, 21]),
        (39123, 1, [3987, 54]),
        (40968, 1, [3873, 110, 1]),
        (43111, 1, [3709, 192, 1]),
        (45546, 1, [3493, 300, 1]),
        (48221, 1, [3225, 431, 4]),
        (50998, 1, [2921, 571, 15, 1]),
        (53745, 1, [2607, 703, 40, 1]),
        (56354, 1, [2289, 814, 84, 4, 1]),
        (58652, 1, [1989, 892, 145, 15, 1]),
        (60496, 1, [1713, 930, 218, 38, 4, 1]),
        (61889, 1, [1465, 928, 295, 74, 15, 2, 1]),
        (62915, 1, [1249, 891, 367, 120, 35, 8, 1, 1]),
        (63660, 1, [1059, 828, 423, 172, 65, 22, 6, 1, 1]),
        (64199, 1, [897, 750, 455, 223, 101, 44, 17, 6, 2, 1]),
        (64585, 1, [757, 667, 462, 267, 140, 71, 35, 16, 7, 2, 1, 1]),
        (64860, 1, [637, 583, 447, 296, 178, 102, 58, 32, 17, 8, 4, 2, 1, 1]),
        (65057, 1, [529, 505, 417, 308, 208, 134, 84, 52, 32, 19, 11, 6, 3, 1, 1, 1, 1]),
        (65196, 1, [449, 433, 378, 303, 226, 160, 110, 74, 50, 33, 21, 14, 8, 5, 3, 2, 1, 1, 1]),
        (65296, 1, [377, 370, 335, 286, 231, 178, 132, 96, 69, 50, 35, 25, 17, 12, 8, 5, 3, 2, 1, 1, 1, 1, 1]),
        (65366, 1, [313, 314, 293, 261, 224, 185, 148, 115, 88, 67, 51, 38, 29, 21, 16, 12, 8, 6, 4, 3, 2, 1, 1, 1, 1, 1, 1]),
        (
            65416, 1,
            [
                263, 266, 253, 233, 209, 181, 154, 127, 104, 83, 66, 53, 42, 33, 26, 20, 16, 12, 9, 7, 5, 4, 3, 2, 1, 1, 1,
                1, 1, 1, 1, 1,
            ]
        ),
    ]
}

/// log₂ of a positive integer, for costs: by the multiples of 2^-20 below it, the same on every machine.
private func binaryLogarithm(_ value: Int) -> Double {
    var result = 0.0
    var x = Double(value)
    while x >= 2 { (x, result) = (x / 2, result + 1) }
    var bit = 0.5
    for _ in 0..<20 {
        x *= x
        if x >= 2 { (x, result) = (x / 2, result + bit) }
        bit /= 2
    }
    return result
}
