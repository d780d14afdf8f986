import Foundation
import MatrixCore

/// How far a root X is from the reference R.
///
/// Source of the two measures: Wang et al. 2024, section 3.1. An empty measure is undefined: a zero norm to divide by, or
/// entries that are not finite.
public struct RootComparison: Sendable, Equatable {
    /// ‖X − R‖F/‖R‖F.
    public let normwiseRelativeError: Double?
    /// The angle between X and R as vectors of n² entries, in degrees.
    public let angleDegrees: Double?
    /// The same two with both diagonals removed.
    public let offdiagonalError: Double?
    public let offdiagonalAngleDegrees: Double?
}

/// Compares in one pass for the norms and one for the angles.
///
/// Numerics: the entries are scaled by a power of two so that no square leaves the range; sums run by columns in a
/// fixed order. The angle is 2·atan2(‖x̂ − r̂‖, ‖x̂ + r̂‖) of the normalized matrices (Kahan), which keeps full relative accuracy for
/// small angles, where the arc cosine of the inner product loses half of the digits.
///
/// - Precondition: both are square of one order.
public func compare(_ x: Matrix<Double>, to r: Matrix<Double>) -> RootComparison {
    precondition(x.order == r.order, "orders \(x.order) and \(r.order)")
    let largest = max(x.largestMagnitude, r.largestMagnitude)
    guard largest.isFinite, largest > 0 else {
        return RootComparison(
            normwiseRelativeError: nil, angleDegrees: nil, offdiagonalError: nil, offdiagonalAngleDegrees: nil)
    }
    let scale = Double(sign: .plus, exponent: -min(max(largest.exponent, -1000), 1000), significand: 1)
    let squares = sums(x, r) { x, r in
        let (x, r) = (x * scale, r * scale)
        return SIMD4(x * x, r * r, (x - r) * (x - r), 0)
    }
    let whole = squares.diagonal + squares.offdiagonal
    let apart = squares.offdiagonal
    let (unitX, unitR) = (scale / whole[0].squareRoot(), scale / whole[1].squareRoot())
    let (offX, offR) = (scale / apart[0].squareRoot(), scale / apart[1].squareRoot())
    // Lanes 0 and 1: differences and sums of the whole; lanes 2 and 3: of the off-diagonal parts.
    let directions = sums(x, r) { x, r in
        let (wholeDifference, wholeSum) = (x * unitX - r * unitR, x * unitX + r * unitR)
        let (offDifference, offSum) = (x * offX - r * offR, x * offX + r * offR)
        return SIMD4(
            wholeDifference * wholeDifference, wholeSum * wholeSum, offDifference * offDifference, offSum * offSum)
    }
    return RootComparison(
        normwiseRelativeError: ratio(whole[2], whole[1]),
        angleDegrees: angle(directions.diagonal[0] + directions.offdiagonal[0], directions.diagonal[1] + directions.offdiagonal[1]),
        offdiagonalError: ratio(apart[2], apart[1]),
        offdiagonalAngleDegrees: angle(directions.offdiagonal[2], directions.offdiagonal[3]))
}

/// Σ term(xᵢⱼ, rᵢⱼ) over the diagonal and over the rest.
@inline(__always)
private func sums(
    _ x: Matrix<Double>, _ r: Matrix<Double>, _ term: (Double, Double) -> SIMD4<Double>
) -> (diagonal: SIMD4<Double>, offdiagonal: SIMD4<Double>) {
    let order = x.order
    var diagonal = SIMD4<Double>(repeating: 0)
    var offdiagonal = SIMD4<Double>(repeating: 0)
    x.elements.withUnsafeBufferPointer { x in
        r.elements.withUnsafeBufferPointer { r in
            for column in 0..<order {
                var sum = SIMD4<Double>(repeating: 0)
                let start = column * order
                for index in start..<start + column { sum += term(x[index], r[index]) }
                for index in start + column + 1..<start + order { sum += term(x[index], r[index]) }
                offdiagonal += sum
                diagonal += term(x[start + column], r[start + column])
            }
        }
    }
    return (diagonal, offdiagonal)
}

private func ratio(_ squaredError: Double, _ squaredReference: Double) -> Double? {
    let value = (squaredError / squaredReference).squareRoot()
    return value.isFinite ? value : nil
}

private func angle(_ squaredDifference: Double, _ squaredSum: Double) -> Double? {
    guard squaredDifference.isFinite, squaredSum.isFinite, squaredDifference + squaredSum > 0 else { return nil }
    return 2 * atan2(squaredDifference.squareRoot(), squaredSum.squareRoot()) * 180 / .pi
}
