import Foundation

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

/// Compares in one pass over both.
///
/// Numerics: the entries are scaled by a power of two so that no square leaves the range; sums run by columns in a fixed
/// order. The angle is 2·asin(‖x̂ − r̂‖/2) of the normalized matrices with ‖x̂ − r̂‖² = (‖X − R‖² − (‖X‖ − ‖R‖)²)/(‖X‖·‖R‖):
/// its relative error is about 10u‖R‖/‖X − R‖, where the arc cosine of the inner product has the square of that.
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
    let (diagonal, offdiagonal) = squaredNorms(x, r, scale: scale)
    let whole = diagonal + offdiagonal
    return RootComparison(
        normwiseRelativeError: whole.relativeError, angleDegrees: whole.angleDegrees,
        offdiagonalError: offdiagonal.relativeError, offdiagonalAngleDegrees: offdiagonal.angleDegrees)
}

/// ‖X‖², ‖R‖² and ‖X − R‖² of a part of the entries.
private struct SquaredNorms {
    var x = 0.0
    var r = 0.0
    var difference = 0.0

    static func + (a: SquaredNorms, b: SquaredNorms) -> SquaredNorms {
        SquaredNorms(x: a.x + b.x, r: a.r + b.r, difference: a.difference + b.difference)
    }

    var relativeError: Double? {
        let value = (difference / r).squareRoot()
        return value.isFinite ? value : nil
    }

    var angleDegrees: Double? {
        guard x > 0, r > 0 else { return nil }
        let (normX, normR) = (x.squareRoot(), r.squareRoot())
        let chord = max(0, difference - (normX - normR) * (normX - normR)) / (normX * normR)
        return 2 * asin(min(1, chord.squareRoot() / 2)) * 180 / .pi
    }
}

/// The norms of the diagonals and of the rest, of entries multiplied by `scale`.
private func squaredNorms(
    _ x: Matrix<Double>, _ r: Matrix<Double>, scale: Double
) -> (diagonal: SquaredNorms, offdiagonal: SquaredNorms) {
    let order = x.order
    var (diagonal, offdiagonal) = (SquaredNorms(), SquaredNorms())
    x.elements.withUnsafeBytes { x in
        r.elements.withUnsafeBytes { r in
            for column in 0..<order {
                let start = column * order
                offdiagonal = offdiagonal + squaredNorms(x, r, start..<start + column, scale)
                diagonal = diagonal + squaredNorms(x, r, start + column..<start + column + 1, scale)
                offdiagonal = offdiagonal + squaredNorms(x, r, start + column + 1..<start + order, scale)
            }
        }
    }
    return (diagonal, offdiagonal)
}

/// Eight interleaved partial sums a run of entries.
private func squaredNorms(
    _ x: UnsafeRawBufferPointer, _ r: UnsafeRawBufferPointer, _ range: Range<Int>, _ scale: Double
) -> SquaredNorms {
    var (sumX, sumR, sumDifference) = (SIMD8<Double>(), SIMD8<Double>(), SIMD8<Double>())
    let wholeEnd = range.lowerBound + range.count / 8 * 8
    for index in stride(from: range.lowerBound, to: wholeEnd, by: 8) {
        let a = x.loadUnaligned(fromByteOffset: 8 * index, as: SIMD8<Double>.self) * scale
        let b = r.loadUnaligned(fromByteOffset: 8 * index, as: SIMD8<Double>.self) * scale
        sumX += a * a
        sumR += b * b
        sumDifference += (a - b) * (a - b)
    }
    var sums = SquaredNorms(x: sumX.sum(), r: sumR.sum(), difference: sumDifference.sum())
    for index in wholeEnd..<range.upperBound {
        let a = x.loadUnaligned(fromByteOffset: 8 * index, as: Double.self) * scale
        let b = r.loadUnaligned(fromByteOffset: 8 * index, as: Double.self) * scale
        sums = sums + SquaredNorms(x: a * a, r: b * b, difference: (a - b) * (a - b))
    }
    return sums
}
