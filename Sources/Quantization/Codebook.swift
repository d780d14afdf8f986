/// The 2^bits values that codes stand for, in increasing order, as float32.
///
/// Code j stands for `values[j]`; a block's entries are these times the block maximum.
///
/// Source: Wang et al., "4-bit Shampoo for Memory-Efficient Network Training", NeurIPS 2024, section 2.2, eq. 3 and
/// appendix C, for `linear`, `linear-2` and `dynamic-tree`.
public struct Codebook: Sendable, Equatable {
    /// nil for values of no family.
    public let name: CodebookName?
    public let bits: Int
    public let values: [Float]
    /// (values[j] + values[j+1])/2 in float32: an entry between two midpoints has the code between them.
    public let midpoints: [Float]

    /// - Throws: `QuantizationError.unsupportedBits` where the codebook is not defined for so many bits.
    public init(_ name: CodebookName, bits: Int) throws(QuantizationError) {
        guard name.supportedBits.contains(bits) else { throw .unsupportedBits(bits, name) }
        self.init(name: name, bits: bits, values: name.values(bits: bits).map { Float($0) })
    }

    /// The codebook of these values, under its name where a family has it.
    ///
    /// - Throws: `QuantizationError.invalidCodebook` unless they are 4, 8, … 256 values from −1 to 1 that do not decrease.
    public init(values: [Float]) throws(QuantizationError) {
        let bits = values.count.trailingZeroBitCount
        guard (2...8).contains(bits), values.count == 1 << bits else {
            throw .invalidCodebook("it has \(values.count) values, not 2^bits of 2 to 8 bits")
        }
        guard values.allSatisfy({ $0.magnitude <= 1 }), zip(values, values.dropFirst()).allSatisfy({ $0 <= $1 }) else {
            throw .invalidCodebook("its values do not increase from −1 at least to 1 at most")
        }
        let name = CodebookName.allCases.first {
            $0.supportedBits.contains(bits) && $0.values(bits: bits).map { Float($0) } == values
        }
        self.init(name: name, bits: bits, values: values)
    }

    private init(name: CodebookName?, bits: Int, values: [Float]) {
        self.name = name
        self.bits = bits
        self.values = values
        midpoints = zip(values, values.dropFirst()).map { ($0 + $1) * 0.5 }
    }
}

/// The family of a codebook, by its name on the command line.
public enum CodebookName: String, Sendable, Codable, CaseIterable {
    /// u on the uniform grid u = −1 + 2j/(2^bits − 1), with 0 in place of its small negative neighbour.
    case linear
    /// sign(u)·|u|^1.5 on the same grid.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    case linear1_5 = "linear-1.5"
    /// sign(u)·u² on the same grid (the paper's "linear square").
    case linear2 = "linear-2"
    /// Decimal decades with fraction bits: {0, 1} ∪ {±qₖ·10^−E}.
    case dynamicTree = "dynamic-tree"
    /// Quantiles of the normal distribution, 4 bits.
    case nf4
    /// The floating-point format e2m1, 4 bits, scaled to [−1, 1]: ±{0, 1/2, 1, 3/2, 2, 3, 4, 6}/6.
    case fp4

    /// The numbers of bits for which the codebook is defined.
    public var supportedBits: ClosedRange<Int> {
        switch self {
        case .linear, .linear1_5, .linear2, .dynamicTree: 2...8
        case .nf4, .fp4: 4...4
        }
    }

    func values(bits: Int) -> [Double] {
        switch self {
        case .linear: gridPower(bits: bits) { $0 }
        case .linear1_5: gridPower(bits: bits) { $0 * $0.squareRoot() }
        case .linear2: gridPower(bits: bits) { $0 * $0 }
        case .dynamicTree: dynamicTreeValues(bits: bits)
        case .nf4: normalFloat4
        case .fp4: [-6, -4, -3, -2, -1.5, -1, -0.5, 0, 0, 0.5, 1, 1.5, 2, 3, 4, 6].map { $0 / 6 }
        }
    }
}

/// sign(u)·f(|u|) for u = −1 + 2j/(2^bits − 1), and 0 at j = 2^(bits−1) − 1.
private func gridPower(bits: Int, _ power: (Double) -> Double) -> [Double] {
    let last = (1 << bits) - 1
    return (0...last).map { index in
        if index == last / 2 { return 0 }
        let u = Double(2 * index - last) / Double(last)
        return u < 0 ? -power(-u) : power(u)
    }
}

/// For E = 0 … bits−2 with F = bits − 2 − E fraction bits: the midpoints qₖ of 2^F equal parts of [0.1, 1], times
/// 10^−E, with both signs; and 0 and 1.
private func dynamicTreeValues(bits: Int) -> [Double] {
    var values = [0.0, 1.0]
    var scale = 1.0
    for exponent in 0...bits - 2 {
        let parts = 1 << (bits - 2 - exponent)
        for part in 0..<parts {
            let magnitude = (0.1 + 0.9 * (Double(part) + 0.5) / Double(parts)) * scale
            values.append(magnitude)
            values.append(-magnitude)
        }
        scale /= 10
    }
    return values.sorted()
}

/// Source: Dettmers et al., "QLoRA", NeurIPS 2023, appendix E.
private let normalFloat4: [Double] = [
    -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
    -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
    0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0,
]

extension Codebook {
    /// κ, the largest |x − Q(x)| over x in [−1, 1]: half of the widest gap, or the distance of an end from the outermost value.
    public var worstError: Float {
        let gaps = zip(values, values.dropFirst()).map { ($1 - $0) / 2 }
        return max(gaps.max() ?? 0, values[0] + 1, 1 - values[values.count - 1])
    }
}
