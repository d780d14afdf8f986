import Foundation
import Quantization
import TestSupport
import Testing

/// The values of a codebook as published: numerators over one denominator.
private struct PublishedCodebook: Sendable, CustomTestStringConvertible {
    let name: CodebookName
    let bits: Int
    let numerators: [Double]
    let denominator: Double

    init(_ name: CodebookName, _ bits: Int, _ numerators: [Double], over denominator: Double = 1) {
        (self.name, self.bits, self.numerators, self.denominator) = (name, bits, numerators, denominator)
    }

    var testDescription: String { "\(name.rawValue), \(bits) bits" }
}

/// Wang et al. 2024, appendix C; the printed four digits of linear-2 are rational numbers.
private let published: [PublishedCodebook] = [
    PublishedCodebook(.dynamicTree, 2, [-0.55, 0, 0.55, 1]),
    PublishedCodebook(.dynamicTree, 3, [-0.775, -0.325, -0.055, 0, 0.055, 0.325, 0.775, 1]),
    PublishedCodebook(
        .dynamicTree, 4,
        [
            -0.8875, -0.6625, -0.4375, -0.2125, -0.0775, -0.0325, -0.0055, 0, 0.0055, 0.0325, 0.0775, 0.2125, 0.4375,
            0.6625, 0.8875, 1,
        ]),
    PublishedCodebook(.linear2, 2, [-9, 0, 1, 9], over: 9),
    PublishedCodebook(.linear2, 3, [-49, -25, -9, 0, 1, 9, 25, 49], over: 49),
    PublishedCodebook(
        .linear2, 4, [-225, -169, -121, -81, -49, -25, -9, 0, 1, 9, 25, 49, 81, 121, 169, 225], over: 225),
    PublishedCodebook(.linear, 2, [-3, 0, 1, 3], over: 3),
    PublishedCodebook(.linear, 3, [-7, -5, -3, 0, 1, 3, 5, 7], over: 7),
    PublishedCodebook(.linear, 4, [-15, -13, -11, -9, -7, -5, -3, 0, 1, 3, 5, 7, 9, 11, 13, 15], over: 15),
    // Micikevicius et al., "OCP Microscaling Formats" 1.0, table of FP4 E2M1, over its largest magnitude.
    PublishedCodebook(.fp4, 4, [-6, -4, -3, -2, -1.5, -1, -0.5, 0, 0, 0.5, 1, 1.5, 2, 3, 4, 6], over: 6),
]

/// Half of the widest gap, or what lies beyond the outermost value.
private let worstErrors: [PublishedCodebook] = [
    PublishedCodebook(.linear2, 4, [28], over: 225), PublishedCodebook(.dynamicTree, 4, [0.1125]),
    PublishedCodebook(.linear2, 3, [12], over: 49), PublishedCodebook(.dynamicTree, 3, [0.225]),
    PublishedCodebook(.linear, 4, [0.1]), PublishedCodebook(.linear, 3, [3], over: 14),
    PublishedCodebook(.fp4, 4, [1], over: 6),
]

@Suite struct CodebookTests {
    @Test(arguments: published)
    private func valuesAsPublished(book: PublishedCodebook) throws {
        let values = try Codebook(book.name, bits: book.bits).values
        #expect(values == book.numerators.map { Float($0 / book.denominator) })
    }

    /// The paper's printed digits themselves.
    @Test func printedDigits() throws {
        let printed = [
            -1, -0.7511, -0.5378, -0.36, -0.2178, -0.1111, -0.04, 0, 0.0044, 0.04, 0.1111, 0.2178, 0.36, 0.5378, 0.7511, 1,
        ]
        let values = try Codebook(.linear2, bits: 4).values
        for (value, digits) in zip(values, printed) {
            expectBound((Double(value) - digits).magnitude, atMost: 0.5e-4 * (1 + 0x1p-10))
        }
        #expect(values.count == printed.count)
    }

    /// u^1.5 = u·√u on the grid: its square is u³, to within the rounding to float32.
    @Test(arguments: 2...8)
    func threeHalves(bits: Int) throws {
        let values = try Codebook(.linear1_5, bits: bits).values
        let last = 1 << bits - 1
        for (index, value) in values.enumerated() where index != last / 2 {
            let u = Double(2 * index - last) / Double(last)
            #expect(Double(value).sign == u.sign)
            expectBound(
                (Double(value) * Double(value) - (u * u * u).magnitude).magnitude,
                atMost: 2.01 * 0x1p-24 * (u * u * u).magnitude)
        }
        #expect(values[last / 2] == 0)
    }

    /// Seven decades, 2^i magnitudes in (10^(i−7), 10^(i−6)) for each sign, and 0 and 1.
    @Test func eightBitDynamicTree() throws {
        let values = try Codebook(.dynamicTree, bits: 8).values.map { Double($0) }
        for decade in 0...6 {
            let top = pow(10, Double(decade - 6))
            #expect(values.filter { $0 > top / 10 && $0 < top }.count == 1 << decade)
            #expect(values.filter { -$0 > top / 10 && -$0 < top }.count == 1 << decade)
        }
        #expect(values.contains(0) && values.contains(1) && !values.contains(-1))
        #expect(values.filter { $0 > 0 }.min() == Double(Float(0.55e-6)))
        #expect(values.filter { $0 < 0 }.max() == -Double(Float(0.55e-6)))
    }

    @Test func eightBitLinearSquare() throws {
        let values = try Codebook(.linear2, bits: 8).values
        #expect(values[127] == 0)
        #expect(values[128] == Float(1.0 / 65025))
        #expect(values[126] == Float(-9.0 / 65025))
    }

    @Test(arguments: CodebookName.allCases)
    func valuesAscendAndHoldZeroAndOne(name: CodebookName) throws {
        for bits in name.supportedBits {
            let book = try Codebook(name, bits: bits)
            #expect(book.values.count == 1 << bits)
            #expect(book.midpoints.count == book.values.count - 1)
            let steps = zip(book.values, book.values.dropFirst())
            // e2m1 has two zeros; everything else is strict.
            #expect(steps.allSatisfy { $0 < $1 || (name == .fp4 && $0 == 0 && $1 == 0) })
            #expect(book.values.contains(0) && book.values.last == 1 && book.values[0] >= -1)
            // The nearest float32 to the exact mean, which double holds.
            let means = steps.map { Float((Double($0) + Double($1)) / 2) }
            #expect(book.midpoints == means)
        }
    }

    /// Of values that a family has, its name comes back, too; others have none and code as well.
    @Test func codebooksByTheirValues() throws {
        for name in CodebookName.allCases {
            for bits in name.supportedBits {
                let book = try Codebook(name, bits: bits)
                #expect(try Codebook(values: book.values) == book)
            }
        }
        let own = try Codebook(values: [-0.75, 0, 0.25, 1])
        #expect(own.name == nil && own.bits == 2 && own.midpoints == [-0.375, 0.125, 0.625])
        let coding = try BlockCoding(codebook: own, blockSize: 4)
        #expect(try JSONDecoder().decode(BlockCoding.self, from: JSONEncoder().encode(coding)) == coding)
        let coded = ReferenceCodec.encode([2, 0.5, -2, 0.1], coding: coding)
        #expect(coded.codes == [3, 2, 0, 1] && coded.maxima == [2])
        #expect(ReferenceCodec.decode(codes: coded.codes, maxima: [2], coding: coding) == [2, 0.5, -1.5, 0])
    }

    @Test(arguments: [
        [], [0, 1], [-1, 0, 1], [-1, 0, 0.5, 2], [-1, 0.5, 0, 1], [-1, 0, .nan, 1], Array(repeating: 0, count: 512),
    ])
    func valuesThatAreNoCodebook(values: [Float]) {
        #expect {
            try Codebook(values: values)
        } throws: { error in
            if case .invalidCodebook? = error as? QuantizationError { true } else { false }
        }
    }

    @Test(arguments: worstErrors)
    private func worstErrorsAsListed(book: PublishedCodebook) throws {
        let worst = Double(try Codebook(book.name, bits: book.bits).worstError)
        // Two values and their difference, each rounded to float32.
        expectBound((worst - book.numerators[0] / book.denominator).magnitude, atMost: 2 * 0x1p-24)
    }

    /// On a grid of [−1, 1], the distance to the nearest value stays below the worst error and comes within a step of it.
    @Test(arguments: CodebookName.allCases)
    func worstErrorIsAttained(name: CodebookName) throws {
        for bits in name.supportedBits {
            let book = try Codebook(name, bits: bits)
            let values = book.values.map { Double($0) }
            let steps = 20_000
            let errors = (0...steps).map { step in
                let x = 2 * Double(step) / Double(steps) - 1
                return values.reduce(.infinity) { min($0, ($1 - x).magnitude) }
            }
            let largest = errors.max() ?? .nan
            expectBound(largest, atMost: Double(book.worstError) + 0x1p-24, "\(name) \(bits)")
            expectBound((Double(book.worstError) - largest).magnitude, atMost: 1 / Double(steps) + 0x1p-24, "\(name) \(bits)")
        }
    }

    /// Dettmers et al. 2023, section 3: with δ = (1/32 + 1/30)/2, the quantiles of 8 equal steps from 1/2 to 1 − δ above zero
    /// and 7 below, over the largest. The published table came from a grid in float32, off by up to 2^-24.
    @Test func normalFloatsAreQuantiles() throws {
        let values = try Codebook(.nf4, bits: 4).values.map { Double($0) }
        let top = 1 - (1.0 / 32 + 1.0 / 30) / 2
        let largest = normalQuantile(top)
        for (index, value) in values.enumerated() {
            let steps = index < 7 ? 7.0 : 8.0
            let probability = 0.5 + (top - 0.5) * (Double(index) - 7).magnitude / steps
            let expected = normalQuantile(probability) / largest * (index < 7 ? -1 : 1)
            let density = exp(-largest * largest / 2) / (2 * Double.pi).squareRoot()
            expectBound((value - expected).magnitude, atMost: 4 * 0x1p-24 / (density * largest), "value \(index)")
        }
    }

    @Test func bitsThatDoNotExist() {
        for name in CodebookName.allCases {
            for bits in [-1, 0, 1, 9, 64] {
                #expect(throws: QuantizationError.unsupportedBits(bits, name)) { try Codebook(name, bits: bits) }
            }
        }
        #expect(throws: QuantizationError.unsupportedBits(3, .nf4)) { try Codebook(.nf4, bits: 3) }
        #expect(QuantizationError.unsupportedBits(3, .nf4).description == "codebook nf4 has 4 bits only, not 3")
        #expect(QuantizationError.unsupportedBits(9, .linear).description == "9 bits: codebook linear has 2 to 8")
    }

    @Test func namesOfTheInterface() {
        #expect(
            CodebookName.allCases.map(\.rawValue) == ["linear", "linear-1.5", "linear-2", "dynamic-tree", "nf4", "fp4"])
    }
}

/// The x ≥ 0 with Φ(x) = p, by bisection.
private func normalQuantile(_ p: Double) -> Double {
    var (low, high) = (0.0, 10.0)
    for _ in 0..<80 {
        let middle = (low + high) / 2
        if 1 - erfc(middle / 2.0.squareRoot()) / 2 < p { low = middle } else { high = middle }
    }
    return p == 0.5 ? 0 : low
}
