import CPUBackend
import Compute
import MatrixCore
import TestSupport
import Testing

import func Foundation.erfc
import func Foundation.exp

private func argument(_ x: Double) -> Double { (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x) }
/// x/2·(1 + tanh a), without the cancellation of 1 + tanh for negative a.
private func geluByTanh(_ x: Double) -> Double { x / (1 + exp(-2 * argument(x))) }
/// Φ(x), without the cancellation of 1 + erf for negative x.
private func normalDistribution(_ x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }
private func gelu(_ x: Double, _ form: GaussianErrorForm) -> Double {
    form == .exact ? x * normalDistribution(x) : geluByTanh(x)
}

/// From far below the underflow of the exponential to far above 1, both signs, and zero.
private func inputs(count: Int) -> Matrix<Float> {
    let random = Matrix<Float>.random(rows: count, columns: 1, seed: 1)
    let scales: [Float] = [0x1p-40, 0.01, 1, 3, 6, 12, 100]
    return Matrix(
        rows: count, columns: 1,
        elements: random.elements.enumerated().map { $1 * scales[$0 % scales.count] })
}

@Suite struct ActivationTests {
    @Test(arguments: setups) func notANumberStays(setup: Setup) {
        let x = Matrix<Float>(rows: 20, columns: 1, repeating: .nan)
        #expect(setup.single.rectifiedLinear(x).elements.allSatisfy { $0.isNaN })
        for form in [GaussianErrorForm.exact, .tanh] {
            #expect(setup.single.gaussianErrorLinear(x, form).elements.allSatisfy { $0.isNaN })
            #expect(setup.single.gaussianErrorLinearGradient(x, input: x, form).elements.allSatisfy { $0.isNaN })
        }
        var logits = Matrix<Float>(rows: 20, columns: 1)
        logits[3, 0] = .nan
        #expect(setup.single.softmaxCrossEntropy(logits, targets: [0], smoothing: 0).loss.isNaN)
    }

    /// Values of x·Φ(x) and of its derivative Φ(x) + x·φ(x), by mpmath with 40 digits.
    @Test func exactFormAtKnownPoints() {
        let points: [(x: Double, value: Double, derivative: Double)] = [
            (-12.0, -2.1317785344932148e-32, -2.55789566167489562e-31),
            (-5.0, -1.43325785939596956e-6, -7.14694600179229463e-6),
            (-3.0, -0.00404969409489028358, -0.011945647204183927),
            (-1.5, -0.100210801903287099, -0.127469192229979525),
            (-0.5, -0.154268769362993448, 0.132504875343837157),
            (-0.0078125, -0.00388190074327466734, 0.493766653687321535),
            (0.0, 0.0, 0.5),
            (0.25, 0.149676581420730931, 0.695373354883636026),
            (1.0, 0.841344746068542949, 1.0833154705876863),
            (2.5, 2.48447583668555966, 1.03761108590814521),
            (6.0, 5.99999999408047413, 1.00000003546870945),
            (30.0, 30.0, 1.0),
        ]
        let x = Matrix(rows: points.count, columns: 1, elements: points.map(\.x))
        let ones = Matrix<Double>(rows: points.count, columns: 1, repeating: 1)
        let backend = CPUBackend<Double>()
        func bounds(_ values: [Double]) -> Matrix<Double> {
            // erfc and exp of the C library are off by a few units in the last place; two roundings of the argument are worth
            // 2x²·u.
            Matrix(
                rows: values.count, columns: 1,
                elements: zip(values, points).map { (2 * $1.x * $1.x + 8) * max($0.magnitude, 0x1p-1000) * unitOfDouble })
        }
        backend.gaussianErrorLinear(x, .exact).expectWithin(
            bounds(points.map(\.value)), of: Matrix(rows: points.count, columns: 1, elements: points.map(\.value)), "values")
        // The two terms of the derivative cancel near −0.75, where it is 0; at these points they do not.
        backend.gaussianErrorLinearGradient(ones, input: x, .exact).expectWithin(
            bounds(points.map(\.derivative)),
            of: Matrix(rows: points.count, columns: 1, elements: points.map(\.derivative)), "derivatives")
    }

    /// The difference is off by step²/6·|f‴| (below 3 everywhere) and by rounding over the step.
    @Test(arguments: [GaussianErrorForm.exact, .tanh]) func gradientIsTheDifference(form: GaussianErrorForm) {
        let backend = CPUBackend<Double>()
        let x = Matrix<Double>(inputs(count: 200))
        let g = Matrix<Double>.random(rows: 200, columns: 1, seed: 3)
        let step = 0x1p-17
        var expected = x
        for index in x.elements.indices {
            let value = x.elements[index]
            let difference = gelu(value + step, form) - gelu(value - step, form)
            expected.elements[index] = g.elements[index] * difference / (2 * step)
        }
        let bounds = x.mapped { step * step + 4 * max($0.magnitude, 1) * unitOfDouble / step }
        backend.gaussianErrorLinearGradient(g, input: x, form).expectWithin(bounds, of: expected, "gradient")
    }
}
