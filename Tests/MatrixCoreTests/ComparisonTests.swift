import Testing

@testable import TestSupport

/// The comparisons of the suite themselves: what each must not let pass.
@Suite struct ComparisonTests {
    @Test(arguments: [-1, 1.0]) func aTestRatioHasNoSign(sign: Double) {
        expectTestRatio(sign * 29 * 0x1p-53, scale: 1, order: 1)
        withKnownIssue { expectTestRatio(sign * 31 * 0x1p-53, scale: 1, order: 1) }
        withKnownIssue { expectTestRatio(sign * 1e3, scale: 1, order: 100) }
    }

    @Test func aTestRatioFailsWithoutNumbers() {
        expectTestRatio(0, scale: 0, order: 0)
        for (residual, scale) in [
            (Double.nan, 1.0), (0, .nan), (1e-20, .nan), (.infinity, 1), (1e-300, 0), (1, .infinity), (0, .infinity), (0, -1),
        ] {
            withKnownIssue("\(residual) at \(scale)") { expectTestRatio(residual, scale: scale, order: 10) }
        }
    }

    @Test func aBoundIsOfAMagnitude() {
        expectBound(0, atMost: 0)
        expectBound(0.5, atMost: 0.5)
        for (error, bound) in [
            (-0.25, 0.5), (-1e-300, 1), (0.6, 0.5), (.nan, 1), (0, .nan), (0, .infinity), (.infinity, .infinity), (0, -1),
        ] as [(Double, Double)] {
            withKnownIssue("\(error) within \(bound)") { expectBound(error, atMost: bound) }
        }
    }

    @Test func aMeanNeedsSamples() {
        expectStatistical([1, 2, 3], mean: 2)
        for samples in [[], [1], [.nan, 1], [101, 102, 103]] as [[Double]] {
            withKnownIssue("\(samples)") { expectStatistical(samples, mean: 1) }
        }
    }
}
