import MatrixCore

extension Spectrum {
    /// The eigenvalues of a law with 1 for the largest, descending, or the given ones; parameters are valid.
    func unscaled(
        order: Int, using generator: inout some RandomNumberGenerator
    ) throws(SpectrumError) -> [Double] {
        switch self {
        case .twoLevel(let ratio, let fraction):
            let wanted = Int((fraction * Double(order)).rounded(.toNearestOrEven))
            let large = max(1, min(wanted, order - 1))
            return (0..<order).map { $0 < large ? 1 : 1 / ratio }
        case .geometric(let condition):
            let logarithm = portableLogarithm(condition)
            return Self.interpolate(order: order, condition: condition) { portableExponential(-$0 * logarithm) }
        case .arithmetic(let condition):
            return Self.interpolate(order: order, condition: condition) { 1 - $0 * (1 - 1 / condition) }
        case .oneLarge(let condition):
            return (0..<order).map { $0 == 0 ? 1 : 1 / condition }
        case .oneSmall(let condition):
            return (0..<order).map { $0 > 0 && $0 == order - 1 ? 1 / condition : 1 }
        case .logUniform(let condition):
            let logarithm = portableLogarithm(condition)
            var positions: [Double] = []
            for _ in 0..<max(0, order - 2) { positions.append(generator.uniform()) }
            positions.sort()
            return Self.interpolate(order: order, condition: condition, at: positions) {
                portableExponential(-$0 * logarithm)
            }
        case .powerLaw(let exponent, nil):
            return (0..<order).map { $0 == 0 ? 1 : portablePower(Double($0 + 1), -exponent) }
        case .powerLaw(let exponent, let condition?):
            let stretch = portablePower(condition, 1 / exponent) - 1
            guard stretch.isFinite else { throw .outOfRange("κ^(1/a) of the power law") }
            return Self.interpolate(order: order, condition: condition) { portablePower(1 + $0 * stretch, -exponent) }
        case .exponentialDecay(let rate, let condition):
            return Self.decay(order: order, rate: rate, condition: condition)
        case .given(let values):
            return values
        }
    }

    /// 1 = λ₁, then law(tₖ), then λₙ = 1/κ: the extremes are set and not computed, so that their ratio is what was
    /// asked.
    ///
    /// - Parameters:
    ///   - positions: the n − 2 inner values of t in [0, 1], ascending; nil for equal steps.
    ///   - law: decreasing from 1 to 1/κ as t goes from 0 to 1.
    private static func interpolate(
        order: Int, condition: Double, at positions: [Double]? = nil, _ law: (Double) -> Double
    ) -> [Double] {
        let smallest = 1 / condition
        return (0..<order).map { index in
            if index == 0 { return 1 }
            if index == order - 1 { return smallest }
            let position = positions?[index - 1] ?? Double(index) / Double(order - 1)
            // A law's rounding errors must not carry an inner value beyond an extreme.
            return min(1, max(smallest, law(position)))
        }
    }

    private static func decay(order: Int, rate: Double, condition: Double) -> [Double] {
        let end = portableExponential(-rate)
        let smallest = 1 / condition
        return interpolate(order: order, condition: condition) { position in
            // Below this rate the two differences would cancel; the law is arithmetic to within rate/8.
            guard rate > 0x1p-26 else { return 1 - position * (1 - smallest) }
            return smallest + (1 - smallest) * (portableExponential(-rate * position) - end) / (1 - end)
        }
    }
}
