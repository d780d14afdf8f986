import MatrixCore

/// A random orthogonal matrix, distributed by Haar measure on O(n).
///
/// Q = H₁H₂…Hₙ₋₁·Diag(±1): Hₖ is the Householder reflection that takes a vector xₖ of n − k + 1 normal deviates, in the
/// last coordinates, to −sgn(x₁)‖xₖ‖e₁, and the k-th sign is −sgn(x₁); the last is the sign of one more deviate. It is
/// the Q of a factorization of a normal matrix with a positive diagonal in R. Without the signs the first row of each
/// reflection would be one-sided and the distribution not invariant.
///
/// Numerics: additions, multiplications, divisions and square roots in a fixed order, so a seed gives the same bits on
/// every machine. ‖QᵀQ − I‖F is a small multiple of √n·n·u.
///
/// Complexity: 4n³/3 operations; n(n + 1)/2 normal deviates.
///
/// - Precondition: `order` ≥ 0.
/// Source: Stewart, SIAM J. Numer. Anal. 17 (1980) 403, section 3; Mezzadri, Notices AMS 54 (2007) 592, for the signs.
public func haarOrthogonal(order: Int, using generator: inout some RandomNumberGenerator) -> Matrix<Double> {
    precondition(order >= 0, "an orthogonal matrix of order \(order)")
    guard order > 0 else { return Matrix(rows: 0, columns: 0) }
    var reflections: [HouseholderReflection] = []
    var signs: [Double] = []
    for first in 0..<order - 1 {
        let (reflection, sign) = HouseholderReflection.random(first: first, order: order, using: &generator)
        reflections.append(reflection)
        signs.append(sign)
    }
    signs.append(generator.normalPair().0 < 0 ? -1 : 1)
    var result = Matrix<Double>.identity(order)
    result.elements.withUnsafeMutableBufferPointer { entries in
        apply(reflections, to: entries, order: order)
        for (column, sign) in signs.enumerated() where sign < 0 {
            for index in column * order..<(column + 1) * order { entries[index].negate() }
        }
    }
    return result
}

/// H₁H₂…·M, in place.
///
/// The reflections are taken in groups, and a column meets a whole group while it is in the first-level cache; each
/// column still meets them one by one, the last first, so the grouping does not change a bit. Reflection k and those
/// after it change nothing in the first k columns of the identity.
private func apply(
    _ reflections: [HouseholderReflection], to entries: UnsafeMutableBufferPointer<Double>, order: Int
) {
    let group = 16
    for start in stride(from: 0, to: reflections.count, by: group).reversed() {
        let members = reflections[start..<min(start + group, reflections.count)]
        for column in start..<order {
            let target = UnsafeMutableBufferPointer(rebasing: entries[column * order..<(column + 1) * order])
            for reflection in members.reversed() where reflection.first <= column { reflection.apply(to: target) }
        }
    }
}
