import Foundation
import MatrixCore
import Spectra
import TestSupport
import Testing

private let lawsWithCondition: [@Sendable (Double) -> Spectrum] = [
    { .twoLevel(ratio: $0, fractionLarge: 0.3) }, { .geometric(conditionNumber: $0) },
    { .arithmetic(conditionNumber: $0) }, { .oneLarge(conditionNumber: $0) }, { .oneSmall(conditionNumber: $0) },
    { .logUniform(conditionNumber: $0) }, { .powerLaw(exponent: 1.5, conditionNumber: $0) },
    { .exponentialDecay(rate: 5, conditionNumber: $0) },
]

private func list(
    _ spectrum: Spectrum, order: Int, largest: Double? = nil, reversed: Bool = false, seed: UInt64 = 31
) throws(SpectrumError) -> [Double] {
    var generator = PhiloxGenerator(seed: seed)
    return try spectrum.eigenvalues(order: order, largest: largest, reversed: reversed, using: &generator)
}

@Suite struct SpectrumTests {
    @Test(arguments: [1, 1.5, 1e2, 4e4, 1e14, 1e200], [2, 3, 17, 100])
    func theConditionNumberAskedForIsObtained(condition: Double, order: Int) throws {
        for law in lawsWithCondition {
            for largest in [1, 1e-30, 37235] as [Double] {
                let values = try list(law(condition), order: order, largest: largest)
                #expect(values.count == order)
                #expect(values.first == largest)
                #expect(zip(values, values.dropFirst()).allSatisfy { $0 >= $1 }, "\(law(condition)) descends")
                expectBound((values[0] / values[order - 1] / condition - 1).magnitude, atMost: 2 * 0x1p-52)
            }
        }
    }

    @Test func oneEigenvalueIsTheLargest() throws {
        for law in lawsWithCondition { #expect(try list(law(100), order: 1, largest: 7) == [7]) }
        #expect(try list(.powerLaw(exponent: 2, conditionNumber: nil), order: 1) == [1])
    }

    @Test func reversalTurnsTheListAround() throws {
        for law in lawsWithCondition + [{ .given([$0, 3, 5, 1]) }] {
            let forward = try list(law(50), order: 4)
            #expect(try list(law(50), order: 4, reversed: true) == forward.reversed())
        }
    }

    @Test(arguments: [
        (10, 0.3, 3), (10, 0.0, 1), (10, 1.0, 9), (10, 0.25, 2), (10, 0.35, 4), (2, 0.9, 1), (1, 0.0, 1),
        (1200, 0.01, 12),
    ])
    func twoLevels(order: Int, fraction: Double, large: Int) throws {
        let values = try list(.twoLevel(ratio: 1000, fractionLarge: fraction), order: order, largest: 5)
        #expect(values.filter { $0 == 5 }.count == large)
        #expect(values.filter { $0 == 0.005 }.count == order - large)
    }

    @Test func oneLargeAndOneSmall() throws {
        #expect(try list(.oneLarge(conditionNumber: 4), order: 4) == [1, 0.25, 0.25, 0.25])
        #expect(try list(.oneSmall(conditionNumber: 4), order: 4) == [1, 1, 1, 0.25])
    }

    @Test(arguments: [3, 10, 65])
    func lawsFollowTheirFormulas(order n: Int) throws {
        let condition = 1e6
        let shift = (Double(n) - 1e3) / (1e3 - 1)  // of the power law with a = 2: κ^(1/a) = 1e3
        let geometric = try list(.geometric(conditionNumber: condition), order: n)
        let arithmetic = try list(.arithmetic(conditionNumber: condition), order: n)
        let power = try list(.powerLaw(exponent: 2, conditionNumber: condition), order: n)
        let plainPower = try list(.powerLaw(exponent: 0.7, conditionNumber: nil), order: n)
        let decay = try list(.exponentialDecay(rate: 30, conditionNumber: condition), order: n)
        let sameAsGeometric = try list(.exponentialDecay(rate: log(condition), conditionNumber: condition), order: n)
        let offset = (1 / condition - exp(-30)) / (1 - exp(-30))
        for k in 0..<n {
            let t = Double(k) / Double(n - 1)
            let expected = [
                (geometric[k], pow(condition, -t)), (sameAsGeometric[k], pow(condition, -t)),
                (arithmetic[k], 1 - t * (1 - 1e-6)),
                (power[k], pow((1 + shift) / (Double(k + 1) + shift), 2)), (plainPower[k], pow(Double(k + 1), -0.7)),
                (decay[k], offset + (1 - offset) * exp(-30 * t)),
            ]
            // Exponents reach 30, whose rounding is 30·u relative; differences near 1e-6 of terms near 1 lose 1e6·u.
            for (value, formula) in expected { expectBound((value / formula - 1).magnitude, atMost: 4e6 * 0x1p-53) }
            expectBound((geometric[k] / pow(condition, -t) - 1).magnitude, atMost: 40 * 0x1p-52)
        }
    }

    @Test func aSlowDecayIsArithmetic() throws {
        let arithmetic = try list(.arithmetic(conditionNumber: 100), order: 9)
        for rate in [1e-3, 1e-7, 1e-12, 1e-300] {
            let slow = try list(.exponentialDecay(rate: rate, conditionNumber: 100), order: 9)
            for (one, other) in zip(slow, arithmetic) {
                expectBound((one - other).magnitude, atMost: rate / 8 + 0x1p-52 / max(rate, 0x1p-26))
            }
        }
    }

    @Test func logUniformDrawsAreUniformInTheLogarithm() throws {
        let values = try list(.logUniform(conditionNumber: 1e8), order: 5002)
        let positions = values[1..<5001].map { -log($0) / log(1e8) }
        expectStatistical(positions, mean: 0.5)
        expectStatistical(positions.map { $0 * $0 }, mean: 1.0 / 3)
        expectStatistical(positions.map { $0 * $0 * $0 * $0 }, mean: 0.2)
        let short = try list(.logUniform(conditionNumber: 1e8), order: 10, seed: 1)
        #expect(try list(.logUniform(conditionNumber: 1e8), order: 10, seed: 1) == short)
        #expect(try list(.logUniform(conditionNumber: 1e8), order: 10, seed: 2) != short)
    }

    @Test func givenValuesAreKeptOrScaled() throws {
        #expect(try list(.given([3, 0.5, 8, 1e-3]), order: 4) == [3, 0.5, 8, 1e-3])
        #expect(try list(.given([3, 0.5, 8]), order: 3, largest: 16) == [6, 1, 16])
    }

    @Test(arguments: [
        (Spectrum.geometric(conditionNumber: 0.99), SpectrumError.conditionNumber(0.99)),
        (.arithmetic(conditionNumber: .infinity), .conditionNumber(.infinity)),
        (.oneLarge(conditionNumber: -5), .conditionNumber(-5)),
        (.exponentialDecay(rate: 0, conditionNumber: 5), .decayRate(0)),
        (.exponentialDecay(rate: 1, conditionNumber: 0), .conditionNumber(0)),
        (.powerLaw(exponent: 0, conditionNumber: nil), .powerLawExponent(0)),
        (.powerLaw(exponent: 1, conditionNumber: 0.5), .conditionNumber(0.5)),
        (.powerLaw(exponent: 1e-3, conditionNumber: 1e10), .outOfRange("κ^(1/a) of the power law")),
        (.powerLaw(exponent: 1e4, conditionNumber: nil), .outOfRange("eigenvalue 1")),
        (.twoLevel(ratio: 0.5, fractionLarge: 0.5), .ratio(0.5)),
        (.twoLevel(ratio: 2, fractionLarge: 1.01), .fractionLarge(1.01)),
        (.twoLevel(ratio: 2, fractionLarge: -0.01), .fractionLarge(-0.01)),
        (.given([1, 2]), .count(given: 2, order: 3)), (.given([1, 0, 2]), .eigenvalue(index: 1, value: 0)),
        (.given([1, 1, -2]), .eigenvalue(index: 2, value: -2)),
        (.given([.infinity, 1, 2]), .eigenvalue(index: 0, value: .infinity)),
    ])
    func impossibleSpectraAreRefused(spectrum: Spectrum, error: SpectrumError) {
        #expect(throws: error) { try list(spectrum, order: 3) }
    }

    @Test func whatIsNotANumberIsRefused() {
        #expect(throws: SpectrumError.self) { try list(.geometric(conditionNumber: .nan), order: 3) }
        #expect(throws: SpectrumError.self) { try list(.twoLevel(ratio: .nan, fractionLarge: 0.5), order: 3) }
        #expect(throws: SpectrumError.self) { try list(.twoLevel(ratio: 2, fractionLarge: .nan), order: 3) }
        #expect(throws: SpectrumError.self) { try list(.powerLaw(exponent: .nan, conditionNumber: nil), order: 3) }
        #expect(throws: SpectrumError.self) { try list(.given([1, .nan, 2]), order: 3) }
        #expect(throws: SpectrumError.self) { try list(.geometric(conditionNumber: 2), order: 3, largest: .nan) }
        #expect(throws: SpectrumError.largestEigenvalue(0)) {
            try list(.geometric(conditionNumber: 2), order: 3, largest: 0)
        }
        #expect(throws: SpectrumError.order(0)) { try list(.geometric(conditionNumber: 2), order: 0) }
        #expect(throws: SpectrumError.outOfRange("eigenvalue 1")) {
            try list(.geometric(conditionNumber: 1e20), order: 3, largest: 1e-300)
        }
    }
}
