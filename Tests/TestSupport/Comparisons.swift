import MatrixCore
import Testing

/// The four kinds of comparison of the suite; a bare absolute tolerance is none of them.
///
/// - exact: `#expect(a == b)`.
/// - test ratio: `expectTestRatio`, a residual in units of ‖A‖·n·u.
/// - bound: `expectBound`, an error against a theorem's or a codebook's bound.
/// - statistical: `expectStatistical`, a seeded mean within k standard errors.

/// |residual|/(scale·n·u) is at most `threshold`, as LAPACK tests itself; NaN fails, and a scale that is not finite.
///
/// - Parameter residual: a norm, or a difference of either sign.
public func expectTestRatio(
    _ residual: Double, scale: Double, order: Int, unitRoundoff: Double = 0x1p-53, threshold: Double = 30,
    _ what: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
    let ratio = testRatio(residual, scale: scale, order: order, unitRoundoff: unitRoundoff)
    #expect(
        ratio <= threshold,
        "\(what?.rawValue ?? "residual"): \(residual) at the scale \(scale), ratio \(ratio) above \(threshold)",
        sourceLocation: sourceLocation)
}

/// 0 where the residual is, of a zero matrix too; NaN for a scale that is no finite magnitude, with which anything would pass.
func testRatio(_ residual: Double, scale: Double, order: Int, unitRoundoff: Double = 0x1p-53) -> Double {
    guard scale.isFinite && scale >= 0 else { return .nan }
    return residual == 0 ? 0 : residual.magnitude / (scale * Double(max(order, 1)) * unitRoundoff)
}

/// An error, which has no sign, is at most `bound`, which a theorem or a table gives.
///
/// A negative error fails like NaN and an infinite bound: a difference is compared by its magnitude, and what a law bounds
/// on one side alone is written as `#expect(a <= b)`.
public func expectBound(
    _ error: Double, atMost bound: Double, _ what: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(
        isWithin(error, bound: bound), "\(what?.rawValue ?? "error"): \(error), which must lie in 0 to \(bound)",
        sourceLocation: sourceLocation)
}

func isWithin(_ error: Double, bound: Double) -> Bool { bound.isFinite && error >= 0 && error <= bound }

/// The mean of `samples` lies within `deviations` standard errors of `mean`; NaN fails, and a single sample.
public func expectStatistical(
    _ samples: [Double], mean: Double, deviations: Double = 5, _ what: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let (average, standardError) = averageAndStandardError(samples)
    #expect(
        (average - mean).magnitude <= deviations * standardError,
        "\(what?.rawValue ?? "mean"): \(average) instead of \(mean), standard error \(standardError)",
        sourceLocation: sourceLocation)
}

/// NaN of fewer than two samples.
func averageAndStandardError(_ samples: [Double]) -> (average: Double, standardError: Double) {
    let count = Double(samples.count)
    let average = samples.reduce(0, +) / count
    let variance = samples.reduce(0) { $0 + ($1 - average) * ($1 - average) } / (count - 1)
    return (average, (variance / count).squareRoot())
}

/// max |aᵢⱼ − bᵢⱼ|, NaN if any difference is; the sizes must agree.
public func largestDifference<Scalar: MatrixScalar>(
    _ a: Matrix<Scalar>, _ b: Matrix<Scalar>, sourceLocation: SourceLocation = #_sourceLocation
) -> Double {
    guard a.rows == b.rows, a.columns == b.columns else {
        Issue.record(
            "\(a.rows) × \(a.columns) against \(b.rows) × \(b.columns)", sourceLocation: sourceLocation)
        return .nan
    }
    var largest = 0.0
    for (left, right) in zip(a.elements, b.elements) {
        let difference = Double((left - right).magnitude)
        if difference.isNaN { return .nan }
        largest = max(largest, difference)
    }
    return largest
}

extension Matrix {
    /// A matrix of independent uniform deviates in [−1, 1).
    public static func random(rows: Int, columns: Int, seed: UInt64) -> Matrix {
        var generator = PhiloxGenerator(seed: seed)
        return Matrix(
            rows: rows, columns: columns,
            elements: (0..<rows * columns).map { _ in Scalar(2 * generator.uniform() - 1) })
    }
}
