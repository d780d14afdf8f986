import MatrixCore

/// The distribution of the eigenvalues of a positive definite test matrix.
///
/// Where a case has a condition number κ, the list has max/min = κ up to rounding, whatever the order: the extremes are
/// fixed and the law fills the space between them. (A list of one eigenvalue has condition number 1.)
///
/// Source: one large, one small, geometric, arithmetic and log-uniform are modes 1 to 5 of LAPACK's generator of test
/// matrices, Demmel and McKenney, "A test matrix generation suite", LAPACK Working Note 9 (1989).
public enum Spectrum: Sendable, Equatable {
    /// Two values: round(fraction·n) times the large one, at least once and at most n − 1 times, and large/ratio.
    case twoLevel(ratio: Double, fractionLarge: Double)
    /// λₖ = κ^(−(k−1)/(n−1)).
    case geometric(conditionNumber: Double)
    /// λₖ = 1 − (k−1)/(n−1)·(1 − 1/κ).
    case arithmetic(conditionNumber: Double)
    /// One eigenvalue 1, the rest 1/κ.
    case oneLarge(conditionNumber: Double)
    /// One eigenvalue 1/κ, the rest 1.
    case oneSmall(conditionNumber: Double)
    /// 1, 1/κ, and between them n − 2 draws whose logarithms are uniform.
    case logUniform(conditionNumber: Double)
    /// λₖ ∝ (k + s)^(−a). Without a condition number s = 0 and κ = n^a follows; with one, the shift s that makes the
    /// extremes meet it: with g = κ^(1/a), λₖ = (1 + (k−1)/(n−1)·(g − 1))^(−a).
    case powerLaw(exponent: Double, conditionNumber: Double?)
    /// λₖ = α + β·e^(−rate·t), t = (k−1)/(n−1), with α and β such that the extremes are 1 and 1/κ: a decay that
    /// flattens out before its end for rate > ln κ, `geometric` for rate = ln κ, towards `arithmetic` as the
    /// rate goes to 0.
    case exponentialDecay(rate: Double, conditionNumber: Double)
    /// These values, in this order.
    case given([Double])

    /// n eigenvalues.
    ///
    /// Numerics: no function of the C library is used, so the bits are the same on every machine.
    ///
    /// - Parameters:
    ///   - order: n ≥ 1.
    ///   - largest: the list is scaled so that this is its largest value; nil leaves it as the case gives it, with 1
    ///     for the largest of every law.
    ///   - reversed: laws give descending lists; this makes them ascending. It reverses a given list too.
    ///   - generator: drawn from by `logUniform` only, n − 2 times.
    /// - Throws: `SpectrumError` when a parameter is outside its domain or an eigenvalue would not be a normal double.
    public func eigenvalues(
        order: Int, largest: Double?, reversed: Bool, using generator: inout some RandomNumberGenerator
    ) throws(SpectrumError) -> [Double] {
        guard order >= 1 else { throw .order(order) }
        if let largest, !(largest > 0 && largest.isFinite) { throw .largestEigenvalue(largest) }
        try validate(order: order)
        var values = try unscaled(order: order, using: &generator)
        if let largest, let present = values.max() {
            values = values.map { $0 == present ? largest : largest * ($0 / present) }
        }
        if let index = values.firstIndex(where: { !$0.isNormal }) { throw .outOfRange("eigenvalue \(index)") }
        return reversed ? values.reversed() : values
    }

    private func validate(order: Int) throws(SpectrumError) {
        switch self {
        case .twoLevel(let ratio, let fraction):
            guard ratio >= 1 && ratio.isFinite else { throw .ratio(ratio) }
            guard fraction >= 0 && fraction <= 1 else { throw .fractionLarge(fraction) }
        case .geometric(let condition), .arithmetic(let condition), .oneLarge(let condition), .oneSmall(let condition),
            .logUniform(let condition):
            try Self.validate(conditionNumber: condition)
        case .powerLaw(let exponent, let condition):
            guard exponent > 0 && exponent.isFinite else { throw .powerLawExponent(exponent) }
            if let condition { try Self.validate(conditionNumber: condition) }
        case .exponentialDecay(let rate, let condition):
            guard rate > 0 && rate.isFinite else { throw .decayRate(rate) }
            try Self.validate(conditionNumber: condition)
        case .given(let values):
            guard values.count == order else { throw .count(given: values.count, order: order) }
            for (index, value) in values.enumerated() where !(value > 0 && value.isFinite) {
                throw .eigenvalue(index: index, value: value)
            }
        }
    }

    private static func validate(conditionNumber: Double) throws(SpectrumError) {
        guard conditionNumber >= 1 && conditionNumber.isFinite else { throw .conditionNumber(conditionNumber) }
    }
}
