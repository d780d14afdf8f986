import MatrixCore

/// H = I − τ·v·vᵀ on the coordinates from `first` on.
struct HouseholderReflection {
    let first: Int
    let vector: [Double]
    let factor: Double

    /// The reflection of a vector x of normal deviates to −sgn(x₁)‖x‖e₁, and −sgn(x₁).
    ///
    /// v = x + sgn(x₁)‖x‖e₁, which does not cancel, and τ = 2/vᵀv = 1/(‖x‖(‖x‖ + |x₁|)). Of a pair of deviates one at
    /// least is above 1e-16 in magnitude and none is above 13, so no scaling is needed.
    ///
    /// - Precondition: `order` − `first` ≥ 2.
    static func random(
        first: Int, order: Int, using generator: inout some RandomNumberGenerator
    ) -> (reflection: HouseholderReflection, sign: Double) {
        let count = order - first
        var x: [Double] = []
        x.reserveCapacity(count + 1)
        while x.count < count {
            let (one, other) = generator.normalPair()
            x.append(one)
            x.append(other)
        }
        if x.count > count { x.removeLast() }
        let norm = sumOfProducts(x, x).squareRoot()
        let factor = 1 / (norm * (norm + x[0].magnitude))
        let sign: Double = x[0] < 0 ? 1 : -1
        x[0] -= sign * norm
        return (HouseholderReflection(first: first, vector: x, factor: factor), sign)
    }

    /// y ← y − τ(vᵀy)v. The sum runs in eight interleaved partial sums, added pairwise.
    func apply(to column: UnsafeMutableBufferPointer<Double>) {
        vector.withUnsafeBytes { v in
            let y = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(column)[(first * 8)...])
            let whole = vector.count / 8 * 64
            var partial = SIMD8<Double>(repeating: 0)
            for offset in stride(from: 0, to: whole, by: 64) {
                partial +=
                    v.loadUnaligned(fromByteOffset: offset, as: SIMD8<Double>.self)
                    * y.loadUnaligned(fromByteOffset: offset, as: SIMD8<Double>.self)
            }
            let rest = whole / 8..<vector.count
            for index in rest { partial[index - rest.lowerBound] += vector[index] * column[first + index] }
            let halves = partial.lowHalf + partial.highHalf
            let scale = factor * ((halves[0] + halves[1]) + (halves[2] + halves[3]))
            for offset in stride(from: 0, to: whole, by: 64) {
                let updated =
                    y.loadUnaligned(fromByteOffset: offset, as: SIMD8<Double>.self)
                    - scale * v.loadUnaligned(fromByteOffset: offset, as: SIMD8<Double>.self)
                y.storeBytes(of: updated, toByteOffset: offset, as: SIMD8<Double>.self)
            }
            for index in rest { column[first + index] -= scale * vector[index] }
        }
    }
}
