import MatrixCore
import Quantization
import TestSupport
import Testing

private let sizes = [0, 1, 2, 3, 15, 16, 17, 63, 64, 65, 127, 128, 129]
private let blockSizes = [1, 2, 3, 16, 17, 64, 100, 1000]

@Suite struct ReferenceCodecTests {
    /// The nearest of all values by exhaustive search in double; where x·(1/m) is a midpoint in float32, the even one.
    @Test(arguments: CodebookName.allCases)
    func codesAreTheNearest(name: CodebookName) throws {
        for bits in name.supportedBits {
            for blockSize in blockSizes {
                let coding = try BlockCoding(codebook: Codebook(name, bits: bits), blockSize: blockSize)
                for (seed, size) in sizes.enumerated() {
                    let segment = mixedSegment(size: size, seed: UInt64(seed))
                    let coded = Coded(segment, coding)
                    #expect(coded.codes == exhaustiveCodes(segment, coding), "\(name) \(bits) \(blockSize) \(size)")
                    let decoded = coded.decoded(coding)
                    for (block, maximum) in coded.maxima.enumerated() {
                        let range = block * blockSize..<min((block + 1) * blockSize, size)
                        #expect(maximum == segment[range].map(\.magnitude).max())
                        let bound = errorBound(coding.codebook, maximum: maximum)
                        let worst = range.map { (Double(segment[$0]) - Double(decoded[$0])).magnitude }.max() ?? 0
                        expectBound(worst, atMost: bound, "\(name) \(bits) \(blockSize) \(size)")
                    }
                }
            }
        }
    }

    /// A midpoint of two values, times a maximum that is a power of two, is a tie; its neighbours are not.
    @Test(arguments: CodebookName.allCases)
    func tiesGoToTheEvenCode(name: CodebookName) throws {
        for bits in name.supportedBits {
            let book = try Codebook(name, bits: bits)
            let coding = try BlockCoding(codebook: book, blockSize: 1000)
            for exponent in [-40, 0, 3, 60] {
                let maximum = Float(sign: .plus, exponent: exponent, significand: 1)
                let midpoints = zip(book.values, book.values.dropFirst()).map { Float((Double($0) + Double($1)) / 2) }
                let at = Coded([maximum] + midpoints.map { $0 * maximum }, coding)
                // Beside the midpoint 0 of the two zeros of e2m1, a step that survives the scaling.
                let next = midpoints.map { $0 == 0 ? 0x1p-60 : $0.nextUp }
                let last = midpoints.map { $0 == 0 ? -0x1p-60 : $0.nextDown }
                let above = Coded([maximum] + next.map { $0 * maximum }, coding)
                let below = Coded([maximum] + last.map { $0 * maximum }, coding)
                for index in midpoints.indices {
                    #expect(Int(at.codes[index + 1]) == index + index % 2)
                    #expect(Int(above.codes[index + 1]) == index + 1)
                    #expect(Int(below.codes[index + 1]) == index)
                }
            }
        }
    }

    @Test(arguments: CodebookName.allCases)
    func zerosStayZeros(name: CodebookName) throws {
        for bits in name.supportedBits {
            let coding = try BlockCoding(codebook: Codebook(name, bits: bits), blockSize: 16)
            var segment = mixedSegment(size: 48, seed: 9)
            for index in 16..<32 { segment[index] = index % 2 == 0 ? 0 : -0.0 }
            let coded = Coded(segment, coding)
            #expect(coded.maxima[1] == 0)
            #expect(coded.codes[16..<32].allSatisfy { coding.codebook.values[Int($0)] == 0 })
            #expect(coded.decoded(coding)[16..<32].allSatisfy { $0 == 0 })
        }
    }

    @Test(arguments: CodebookName.allCases)
    func powersOfTwoScaleExactly(name: CodebookName) throws {
        for bits in name.supportedBits {
            let coding = try BlockCoding(codebook: Codebook(name, bits: bits), blockSize: 17)
            let segment = (0..<65).map { (index: Int) -> Float in Float(index * index % 61 - 30) / 7 }
            let plain = Coded(segment, coding)
            for exponent in [-90, -7, 1, 90] {
                let factor = Float(sign: .plus, exponent: exponent, significand: 1)
                let scaled = Coded(segment.map { $0 * factor }, coding)
                #expect(scaled.codes == plain.codes)
                #expect(scaled.maxima == plain.maxima.map { $0 * factor })
                #expect(scaled.decoded(coding) == plain.decoded(coding).map { $0 * factor })
            }
        }
    }

    /// The ends of the range: maxima whose reciprocal is subnormal, infinite, or itself the largest.
    @Test(
        arguments: [0x1p-149, 0x1p-148, 0x1.8p-140, 0x1p-129, 0x1p-128, 0x1.8p-127, 0x1p-126, 0x1.8p126, 0x1.FFFFFEp127]
            as [Float])
    func extremeMaxima(maximum: Float) throws {
        for name in CodebookName.allCases {
            for bits in name.supportedBits {
                let coding = try BlockCoding(codebook: Codebook(name, bits: bits), blockSize: 64)
                let segment = (0...64).map { Float(Double(maximum) * (Double($0) / 32 - 1)) }
                let coded = Coded(segment, coding)
                #expect(coded.codes == exhaustiveCodes(segment, coding))
                for (entry, value) in zip(segment, coded.decoded(coding)) {
                    expectBound(
                        (Double(entry) - Double(value)).magnitude, atMost: errorBound(coding.codebook, maximum: maximum))
                }
            }
        }
    }

    /// The maximum of a block with a sign is its entry of largest magnitude, the first of equal ones, which decodes to itself
    /// where the codebook has 1; the codes are those of the negated block where it is negative.
    @Test(arguments: CodebookName.allCases)
    func maximaWithASign(name: CodebookName) throws {
        for bits in name.supportedBits {
            let coding = try BlockCoding(codebook: Codebook(name, bits: bits), blockSize: 7)
            var segment = mixedSegment(size: 41, seed: 11)
            (segment[8], segment[10]) = (-2, 2)
            let signed = ReferenceCodec.encode(segment, coding: coding, signed: true)
            for (block, maximum) in signed.maxima.enumerated() {
                let own = Array(segment[block * 7..<min((block + 1) * 7, 41)])
                let largest = try #require(own.map(\.magnitude).max())
                #expect(maximum == own.first { $0.magnitude == largest })
                let plain = ReferenceCodec.encode(own.map { maximum < 0 ? -$0 : $0 }, coding: coding)
                #expect(plain.codes == Array(signed.codes[block * 7..<block * 7 + own.count]) && plain.maxima == [largest])
            }
            #expect(signed.maxima[1] == -2)
            #expect(ReferenceCodec.decode(codes: signed.codes, maxima: signed.maxima, coding: coding)[8] == -2)
        }
    }

    @Test func whatIsRefusedIsSaid() {
        #expect(
            QuantizationError.notFinite(row: 3, column: 5, value: .infinity).description
                == "entry (3, 5) is inf; only finite entries can be coded")
    }
}

/// The bound that the codec states.
private func errorBound(_ codebook: Codebook, maximum: Float) -> Double {
    Double(maximum) * (Double(codebook.worstError) + (maximum > 0x1p126 ? 0x1p-21 : 0x1p-22)) + 0x1p-150
}

/// Entries of many magnitudes with zeros among them.
private func mixedSegment(size: Int, seed: UInt64) -> [Float] {
    var generator = PhiloxGenerator(seed: seed)
    return (0..<size).map { _ in
        let x = 2 * generator.uniform() - 1
        let y = generator.uniform()
        return y < 0.1 ? 0 : y < 0.5 ? Float(x) : Float(x * x * x * 1e-3)
    }
}

private struct Coded {
    let codes: [UInt8]
    let maxima: [Float]

    init(_ segment: [Float], _ coding: BlockCoding) {
        (codes, maxima) = ReferenceCodec.encode(segment, coding: coding)
    }

    func decoded(_ coding: BlockCoding) -> [Float] {
        ReferenceCodec.decode(codes: codes, maxima: maxima, coding: coding)
    }
}

/// x·(1/m) by way of double, which holds the product of two float32 exactly and whose quotient rounds to the same
/// float32, then every value tried.
private func exhaustiveCodes(_ segment: [Float], _ coding: BlockCoding) -> [UInt8] {
    let values = coding.codebook.values.map { Double($0) }
    return segment.indices.map { index in
        let start = index / coding.blockSize * coding.blockSize
        let maximum = segment[start..<min(start + coding.blockSize, segment.count)].reduce(0) { max($0, $1.magnitude) }
        let reciprocal = Float(1 / Double(maximum))
        let x: Float =
            maximum == 0
            ? 0
            : reciprocal.isFinite
                ? Float(Double(segment[index]) * Double(reciprocal)) : Float(Double(segment[index]) / Double(maximum))
        for lower in 0..<values.count - 1 where Float((values[lower] + values[lower + 1]) / 2) == x {
            return UInt8(lower % 2 == 0 ? lower : lower + 1)
        }
        var best = 0
        for code in values.indices.dropFirst() {
            let (distance, least) = ((values[code] - Double(x)).magnitude, (values[best] - Double(x)).magnitude)
            // Of the two zeros of e2m1 a negative x takes the first, a positive x the second.
            if distance < least || (distance == least && x > 0) { best = code }
        }
        return UInt8(best)
    }
}
