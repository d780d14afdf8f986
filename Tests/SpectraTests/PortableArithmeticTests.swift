import Foundation
import MatrixCore
import Spectra
import TestSupport
import Testing

@Suite struct PortableArithmeticTests {
    /// The known-answer vectors for philox4x32-10 that come with Random123 (tests/kat_vectors).
    @Test(arguments: [
        (
            SIMD4<UInt32>(repeating: 0), SIMD2<UInt32>(repeating: 0),
            SIMD4<UInt32>(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)
        ),
        (
            SIMD4<UInt32>(repeating: .max), SIMD2<UInt32>(repeating: .max),
            SIMD4<UInt32>(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
        ),
        (
            SIMD4<UInt32>(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), SIMD2<UInt32>(0xa409_3822, 0x299f_31d0),
            SIMD4<UInt32>(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
        ),
    ])
    func philox(counter: SIMD4<UInt32>, key: SIMD2<UInt32>, block: SIMD4<UInt32>) {
        #expect(PhiloxGenerator.block(counter: counter, key: key) == block)
    }

    /// The generator reads the blocks of counters 0, 1, … in order, the first word lowest.
    @Test func philoxSequence() {
        var generator = PhiloxGenerator(seed: 0)
        #expect(generator.next() == 0xe169_c58d_6627_e8d5)
        #expect(generator.next() == 0x9b00_dbd8_bc57_ac4c)
        let second = PhiloxGenerator.block(counter: SIMD4(1, 0, 0, 0), key: SIMD2(0, 0))
        #expect(generator.next() == UInt64(second[1]) << 32 | UInt64(second[0]))
    }

    @Test func logarithmsAreWithinAFewUnitsInTheLastPlace() {
        var generator = PhiloxGenerator(seed: 21)
        for _ in 0..<20_000 {
            let exponent = Int(generator.uniform() * 2000) - 1000
            let x = Double(sign: .plus, exponent: exponent, significand: 1 + generator.uniform())
            expectBound((portableLogarithm(x) - log(x)).magnitude, atMost: 4 * log(x).ulp, "the logarithm of \(x)")
        }
        #expect(portableLogarithm(1) == 0)
    }

    @Test func exponentialsAreWithinAFewUnitsInTheLastPlace() {
        var generator = PhiloxGenerator(seed: 22)
        for _ in 0..<20_000 {
            let x = 1400 * generator.uniform() - 700
            for argument in [x, x / 1000] {
                expectBound(
                    (portableExponential(argument) - exp(argument)).magnitude, atMost: 2 * exp(argument).ulp,
                    "the exponential of \(argument)")
            }
        }
        #expect(portableExponential(0) == 1)
        #expect(portableExponential(.infinity) == .infinity)
        #expect(portableExponential(-.infinity) == 0)
        #expect(portableExponential(709.8) == .infinity)
        expectBound((portableExponential(-740) - exp(-740)).magnitude, atMost: .leastNonzeroMagnitude)
    }

    @Test func powersAreAsExactAsTheirExponents() {
        var generator = PhiloxGenerator(seed: 23)
        for _ in 0..<5_000 {
            let x = portableExponential(60 * generator.uniform() - 30)
            let a = 10 * generator.uniform() - 5
            let expected = pow(x, a)
            let bound = (2 + 3 * (a * log(x)).magnitude) * 0x1p-52 * expected
            expectBound((portablePower(x, a) - expected).magnitude, atMost: bound, "\(x)^\(a)")
        }
    }
}
