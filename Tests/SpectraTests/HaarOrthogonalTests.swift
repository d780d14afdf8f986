import GSLReference
import MatrixCore
import Spectra
import TestSupport
import Testing

private func orthogonal(order: Int, seed: UInt64) -> Matrix<Double> {
    var generator = PhiloxGenerator(seed: seed)
    return haarOrthogonal(order: order, using: &generator)
}

/// QᵀQ − I, by definition.
private func defect(_ q: Matrix<Double>) -> Double {
    var sum = 0.0
    for i in 0..<q.columns {
        for j in 0..<q.columns {
            let product = sumOfProducts(Array(q.column(i)), Array(q.column(j))) - (i == j ? 1 : 0)
            sum += product * product
        }
    }
    return sum.squareRoot()
}

@Suite struct HaarOrthogonalTests {
    @Test(arguments: [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 18, 31, 33, 64, 65, 130])
    func columnsAreOrthonormal(order: Int) {
        expectTestRatio(defect(orthogonal(order: order, seed: 41)), scale: 1, order: order)
    }

    @Test func theSeedDecidesTheBits() {
        #expect(orthogonal(order: 40, seed: 1) == orthogonal(order: 40, seed: 1))
        #expect(orthogonal(order: 40, seed: 1) != orthogonal(order: 40, seed: 2))
    }

    /// Under Haar measure E qᵢⱼ = 0, E qᵢⱼ² = 1/n, E qᵢⱼ⁴ = 3/(n(n + 2)), E q₁₁q₂₂ = 0,
    /// E q₁₁²q₂₂² = (n + 1)/((n − 1)n(n + 2)), E tr Q = 0 and E (tr Q)² = 1.
    @Test(arguments: [2, 3, 5])
    func momentsAreThoseOfHaarMeasure(order n: Int) {
        var generator = PhiloxGenerator(seed: 42)
        let samples = (0..<2000).map { _ in haarOrthogonal(order: n, using: &generator) }
        let order = Double(n)
        for i in 0..<n {
            for j in 0..<n {
                expectStatistical(samples.map { $0[i, j] }, mean: 0, "entry (\(i), \(j))")
                expectStatistical(samples.map { $0[i, j] * $0[i, j] }, mean: 1 / order, "its square")
                let fourth = samples.map { $0[i, j] * $0[i, j] * $0[i, j] * $0[i, j] }
                expectStatistical(fourth, mean: 3 / (order * (order + 2)), "its fourth power")
            }
        }
        expectStatistical(samples.map { $0[0, 0] * $0[1, 1] }, mean: 0)
        expectStatistical(
            samples.map { $0[0, 0] * $0[0, 0] * $0[1, 1] * $0[1, 1] },
            mean: (order + 1) / ((order - 1) * order * (order + 2)))
        let traces = samples.map { $0.diagonal.reduce(0, +) }
        expectStatistical(traces, mean: 0, "trace")
        expectStatistical(traces.map { $0 * $0 }, mean: 1, "squared trace")
    }

    /// Rotations and reflections are equally likely.
    @Test func determinantsTakeBothSigns() {
        var generator = PhiloxGenerator(seed: 43)
        expectStatistical((0..<1000).map { _ in haarOrthogonal(order: 1, using: &generator)[0, 0] }, mean: 0)
        let determinants = (0..<1000).map { _ in
            let q = haarOrthogonal(order: 2, using: &generator)
            return q[0, 0] * q[1, 1] - q[0, 1] * q[1, 0]
        }
        expectStatistical(determinants, mean: 0)
    }
}

@Suite struct PositiveDefiniteTests {
    @Test(arguments: [1e1, 1e4, 1e8, 1e12])
    func theConditionNumberIsMeasured(condition: Double) throws {
        for spectrum in [
            Spectrum.geometric(conditionNumber: condition), .twoLevel(ratio: condition, fractionLarge: 0.4),
            .powerLaw(exponent: 1, conditionNumber: condition),
        ] {
            var generator = PhiloxGenerator(seed: 51)
            let values = try spectrum.eigenvalues(order: 70, largest: 3, reversed: true, using: &generator)
            let a = positiveDefinite(eigenvalues: values, basis: haarOrthogonal(order: 70, using: &generator))
            #expect(a == a.transposed)
            let found = try GSLReference.decompose(a).eigenvalues
            for (one, other) in zip(found, values) {
                expectTestRatio((one - other).magnitude, scale: 3, order: 70, threshold: 5)
            }
            expectTestRatio(
                (found[69] / found[0] / condition - 1).magnitude, scale: condition, order: 70, threshold: 5)
        }
    }

    @Test func theColumnsAreEigenvectors() {
        let q = orthogonal(order: 20, seed: 52)
        let values = (1...20).map(Double.init)
        let a = positiveDefinite(eigenvalues: values, basis: q)
        for index in 0..<20 {
            let vector = Array(q.column(index))
            for row in 0..<20 {
                let image = sumOfProducts(Array(a.column(row)), vector)
                expectTestRatio((image - values[index] * vector[row]).magnitude, scale: 20, order: 20)
            }
        }
    }
}
