import MatrixCore
import Quantization
import TestSupport
import Testing

/// Codes of entries that were moved by noise: stochastic rounding, and subtractive dither.
@Suite struct CodeNoiseTests {
    private static let codebooks: [(CodebookName, Int)] = [
        (.linear, 3), (.linear1_5, 5), (.linear2, 4), (.linear2, 8), (.dynamicTree, 4), (.nf4, 4), (.fp4, 4),
    ]

    private func offsets(_ count: Int, seed: UInt64) -> [Double] {
        var generator = PhiloxGenerator(seed: seed)
        return (0..<count).map { _ in generator.uniform() - 0.5 }
    }

    /// Without an offset the code is the nearest: the midpoint of two values is in the middle between their places.
    @Test(arguments: codebooks) func withoutOffsetTheNearest(_ name: CodebookName, _ bits: Int) throws {
        let codebook = try Codebook(name, bits: bits)
        var generator = PhiloxGenerator(seed: 3)
        for _ in 0..<2000 {
            let x = Float(2 * generator.uniform() - 1)
            // A tie, or what rounding makes of one, has two nearest codes.
            if codebook.midpoints.contains(where: { ($0 - x).magnitude < 1e-6 }) { continue }
            let (found, nearest) = (ReferenceCodec.code(x, offset: 0, codebook), ReferenceCodec.nearestCode(x, codebook))
            #expect(codebook.values[Int(found)] == codebook.values[Int(nearest)], "\(x)")
        }
    }

    /// The code is that of one of the two values around x, and the expectation is x: with m draws of values no farther apart than
    /// the gap, five standard errors of their mean.
    @Test(arguments: codebooks) func stochasticRoundingIsUnbiased(_ name: CodebookName, _ bits: Int) throws {
        let codebook = try Codebook(name, bits: bits)
        let values = codebook.values
        var generator = PhiloxGenerator(seed: 5)
        for index in 0..<20 {
            let x = values[0] + (1 - values[0]) * Float(generator.uniform())
            let drawn = offsets(4000, seed: UInt64(100 + index)).map {
                values[Int(ReferenceCodec.code(x, offset: $0, codebook))]
            }
            let (below, above) = (values.last { $0 <= x }, values.first { $0 > x })
            #expect(drawn.allSatisfy { $0 == below || $0 == above }, "\(x)")
            expectStatistical(drawn.map { Double($0) }, mean: Double(x), "\(name) of \(bits) bits at \(x)")
        }
    }

    /// A value of the codebook stays itself, whatever the offset.
    @Test(arguments: codebooks) func valuesStay(_ name: CodebookName, _ bits: Int) throws {
        let codebook = try Codebook(name, bits: bits)
        for offset in [-0.5, -0.25, 0, 0.5.nextDown] {
            for value in codebook.values {
                #expect(codebook.values[Int(ReferenceCodec.code(value, offset: offset, codebook))] == value)
            }
        }
    }

    /// Moving a place by at most half a step moves the value by at most half of the widest gap.
    @Test(arguments: codebooks) func ditherIsTakenOff(_ name: CodebookName, _ bits: Int) throws {
        let codebook = try Codebook(name, bits: bits)
        let gap = Double(zip(codebook.values, codebook.values.dropFirst()).map { $1 - $0 }.max() ?? 0)
        var generator = PhiloxGenerator(seed: 7)
        for offset in offsets(2000, seed: 8) {
            let x = codebook.values[0] + (1 - codebook.values[0]) * Float(generator.uniform())
            let code = ReferenceCodec.code(x, offset: offset, codebook)
            let error = Double(ReferenceCodec.value(of: code, offset: offset, codebook) - x).magnitude
            expectBound(error, atMost: gap / 2 + 0x1p-23, "\(x) with \(offset)")
        }
    }

    /// In the middle of a uniform codebook the error of subtractive dither is uniform over a step and independent of x: mean 0
    /// and variance Δ²/12, where that of stochastic rounding, f(1 − f)·Δ², depends on where x lies.
    ///
    /// Source: Schuchman, IEEE Transactions on Communication Technology 12 (1964) 162.
    @Test(arguments: [Float(0.41), 0.5, 0.62]) func ditherIsUniform(_ x: Float) throws {
        let codebook = try Codebook(.linear, bits: 4)
        let step = 2.0 / 15
        let errors = offsets(20_000, seed: 9).map { offset in
            Double(ReferenceCodec.value(of: ReferenceCodec.code(x, offset: offset, codebook), offset: offset, codebook) - x)
        }
        expectStatistical(errors, mean: 0)
        expectStatistical(errors.map { $0 * $0 }, mean: step * step / 12)
    }
}
