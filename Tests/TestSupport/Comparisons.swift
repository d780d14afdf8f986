import MatrixCore
import Testing

/// The four kinds of comparison of the suite; a bare absolute tolerance is none of them.
///
/// - exact: `#expect(a == b)`.
/// - test ratio: `expectTestRatio`, a residual in units of ‖A‖·n·u.
/// - bound: `expectBound`, an error against a theorem's or a codebook's bound.
/// - statistical: `expectStatistical`, a seeded mean within k standard errors.

/// |residual|/(scale·n·u) is at most `threshold`, as LAPACK tests itself; a residual or scale that is NaN or infinite fails.
///
/// - Parameter residual: a norm, or a difference of either sign.
public func expectTestRatio(
    _ residual: Double, scale: Double, order: Int, unitRoundoff: Double = 0x1p-53, threshold: Double = 30,
    _ what: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
    let ratio = residual.magnitude / (scale * Double(max(order, 1)) * unitRoundoff)
    // 0/0 is a residual of zero, as of a zero matrix. With an infinite scale everything would pass.
    #expect(
        scale.isFinite && scale >= 0 && (residual == 0 || ratio <= threshold),
        "\(what?.rawValue ?? "residual"): \(residual) at the scale \(scale) has the ratio \(ratio), above \(threshold)",
        sourceLocation: sourceLocation)
}

/// An error, which has no sign, is at most `bound`, which a theorem or a table gives.
///
/// A negative error fails like NaN and an infinite bound: a difference is compared by its magnitude, and what a law bounds
/// on one side alone is written as `#expect(a <= b)`.
public func expectBound(
    _ error: Double, atMost bound: Double, _ what: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(
        bound.isFinite && error >= 0 && error <= bound,
        "\(what?.rawValue ?? "error"): \(error), which must lie in 0 to \(bound)",
        sourceLocation: sourceLocation)
}

/// The mean of `samples` lies within `deviations` standard errors of `mean`; NaN fails.
public func expectStatistical(
    _ samples: [Double], mean: Double, deviations: Double = 5, _ what: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let count = Double(samples.count)
    let average = samples.reduce(0, +) / count
    let variance = samples.reduce(0) { $0 + ($1 - average) * ($1 - average) } / (count - 1)
    let standardError = (variance / count).squareRoot()
    #expect(
        (average - mean).magnitude <= deviations * standardError,
        "\(what?.rawValue ?? "mean"): \(average) instead of \(mean), standard error \(standardError)",
        sourceLocation: sourceLocation)
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
