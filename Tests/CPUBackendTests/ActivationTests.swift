import CPUBackend
import Compute
import MatrixCore
import TestSupport
import Testing

import func Foundation.exp
import func Foundation.tanh

private func argument(_ x: Double) -> Double { (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x) }
/// x/2·(1 + tanh a), without the cancellation of 1 + tanh for negative a.
private func gelu(_ x: Double) -> Double { x / (1 + exp(-2 * argument(x))) }

/// From far below the underflow of the exponential to far above 1, both signs, and zero.
private func inputs(count: Int) -> Matrix<Float> {
    let random = Matrix<Float>.random(rows: count, columns: 1, seed: 1)
    let scales: [Float] = [0x1p-40, 0.01, 1, 3, 6, 12, 100]
    return Matrix(
        rows: count, columns: 1,
        elements: random.elements.enumerated().map { $1 * scales[$0 % scales.count] })
}

private let counts = [0, 1, 2, 15, 16, 17, 31, 33, 100, 70001]

@Suite struct ActivationTests {
    @Test(arguments: setups) func rectifiedLinearIsTheLargerOfTheEntryAndZero(setup: Setup) {
        let backend = setup.single
        for count in counts {
            let x = inputs(count: count)
            let g = Matrix<Float>.random(rows: count, columns: 1, seed: 2)
            let y = backend.rectifiedLinear(x)
            #expect(y.elements == x.elements.map { $0 > 0 ? $0 : 0 })
            let gradient = backend.rectifiedLinearGradient(g, output: y)
            #expect(gradient.elements == zip(x.elements, g.elements).map { $0 > 0 ? $1 : 0 })
        }
    }

    @Test(arguments: setups) func notANumberStays(setup: Setup) {
        let x = Matrix<Float>(rows: 20, columns: 1, repeating: .nan)
        #expect(setup.single.rectifiedLinear(x).elements.allSatisfy { $0.isNaN })
        #expect(setup.single.gaussianErrorLinear(x).elements.allSatisfy { $0.isNaN })
        var logits = Matrix<Float>(rows: 20, columns: 1)
        logits[3, 0] = .nan
        #expect(setup.single.softmaxCrossEntropy(logits, targets: [0], smoothing: 0).loss.isNaN)
    }

    /// x/2·(1 + tanh a) = x·σ(2a) with σ(t) = 1/(1 + e^−t). The argument 2a of a few roundings is off by at most
    /// 6·u·|2a|, which changes σ relatively by (1 − σ) times as much; exponential, sum, quotient and product add at most 8 u,
    /// where σ is below the smallest normal number it is off by at most that.
    @Test(arguments: setups) func gaussianErrorLinearIsItsFormula(setup: Setup) {
        for count in counts {
            let x = inputs(count: count)
            let exact = Matrix<Double>(x)
            let expected = exact.mapped(gelu)
            let bounds = exact.mapped { value in
                let a = argument(value)
                let rest = 1 / (1 + exp(2 * a))
                return gelu(value).magnitude * (12 * a.magnitude * rest + 8) * unitOfFloat + value.magnitude * 0x1p-126
            }
            setup.single.gaussianErrorLinear(x)
                .expectWithin(bounds, of: expected, "\(count) entries")
            // Where 1 + tanh cancels, its error is an absolute one of x·u.
            let plain = exact.mapped { $0.magnitude * (4 + 12 * min(argument($0).magnitude, 1)) * unitOfDouble }
            setup.double.gaussianErrorLinear(exact)
                .expectWithin(plain, of: exact.mapped { $0 / 2 * (1 + tanh(argument($0))) }, "\(count) entries")
        }
    }

    /// The difference is off by step²/6·|f‴| (below 3 everywhere) and by rounding over the step.
    @Test func gradientIsTheDifference() {
        let backend = CPUBackend<Double>()
        let x = Matrix<Double>(inputs(count: 200))
        let g = Matrix<Double>.random(rows: 200, columns: 1, seed: 3)
        let step = 0x1p-17
        var expected = x
        for index in x.elements.indices {
            let value = x.elements[index]
            expected.elements[index] = g.elements[index] * (gelu(value + step) - gelu(value - step)) / (2 * step)
        }
        let bounds = x.mapped { step * step + 4 * max($0.magnitude, 1) * unitOfDouble / step }
        backend.gaussianErrorLinearGradient(g, input: x).expectWithin(bounds, of: expected, "gradient")
    }

    /// The derivative is σ + x·σ·(1 − σ)·(2a)′. With t = 2a off by 6·u·|t|, each term is off by at most (6·|t|·(1 − σ)
    /// + 16)·u of its magnitude.
    @Test(arguments: setups) func gradientInFloatIsThatInDouble(setup: Setup) {
        for count in counts {
            let x = inputs(count: count)
            let g = Matrix<Float>.random(rows: count, columns: 1, seed: 4)
            let expected = CPUBackend<Double>().gaussianErrorLinearGradient(Matrix<Double>(g), input: Matrix<Double>(x))
            var bounds = Matrix<Double>(x)
            for index in bounds.elements.indices {
                let value = bounds.elements[index]
                let t = 2 * argument(value)
                let sigma = 1 / (1 + exp(-t))
                let slope = 2 * (2 / Double.pi).squareRoot() * (1 + 3 * 0.044715 * value * value)
                let terms = sigma + (value * sigma * (1 - sigma) * slope).magnitude
                bounds.elements[index] =
                    (terms * (6 * t.magnitude + 16) + 8 * unitOfDouble / unitOfFloat) * unitOfFloat + 0x1p-100
            }
            setup.single.gaussianErrorLinearGradient(g, input: x)
                .expectWithin(bounds, of: expected, "\(count) entries")
        }
    }

}
