import Testing

@testable import TestSupport

/// The comparisons of the suite themselves: what each must not let pass.
@Suite struct ComparisonTests {
    @Test func aTestRatioHasNoSign() {
        for sign in [-1.0, 1] {
            #expect(testRatio(sign * 3 * 0x1p-53, scale: 1, order: 1) == 3)
            #expect(testRatio(sign * 8, scale: 2, order: 4, unitRoundoff: 0x1p-24) == 0x1p24)
        }
    }

    @Test func aTestRatioNeedsNumbers() {
        #expect(testRatio(0, scale: 0, order: 0) == 0)
        for (residual, scale) in [
            (Double.nan, 1.0), (0, .nan), (1e-20, .nan), (1, .infinity), (0, .infinity), (0, -1), (1, -1),
        ] { #expect(testRatio(residual, scale: scale, order: 10).isNaN, "\(residual) at \(scale)") }
        #expect(testRatio(1e-300, scale: 0, order: 10) == .infinity)
        #expect(testRatio(-.infinity, scale: 1, order: 10) == .infinity)
    }

    @Test func aBoundIsOfAMagnitude() {
        #expect(isWithin(0, bound: 0) && isWithin(0.5, bound: 0.5))
        for (error, bound) in [
            (-0.25, 0.5), (-1e-300, 1), (0.6, 0.5), (.nan, 1), (0, .nan), (0, .infinity), (.infinity, .infinity), (0, -1),
        ] as [(Double, Double)] { #expect(!isWithin(error, bound: bound), "\(error) within \(bound)") }
    }

    @Test func aMeanNeedsTwoSamples() {
        // Of 1, 2, 3 the variance is 1.
        let (average, standardError) = averageAndStandardError([1, 2, 3])
        #expect(average == 2 && standardError == (1 / 3.0).squareRoot())
        for samples in [[], [1], [.nan, 1]] as [[Double]] {
            #expect(averageAndStandardError(samples).standardError.isNaN, "\(samples)")
        }
    }
}
