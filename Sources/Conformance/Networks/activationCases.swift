import Compute
import Foundation
import MatrixCore

/// Activations on entries from far below the underflow of the exponential to far above 1, of both signs.
func activationCases<Backend: NeuralBackend>() -> [ConformanceCase<Backend>] {
    [0, 1, 2, 15, 16, 17, 31, 33, 100, 70_001].flatMap { count in
        [
            ConformanceCase("rectifiedLinear, \(count) entries") { judge in
                let (x, gradient): (Matrix<Backend.Scalar>, Matrix<Backend.Scalar>) = (
                    activationInputs(count), deviates(count, 1, seed: 26)
                )
                let output = judge.backend.rectifiedLinear(judge.backend.tensor(x))
                judge.expectEqual(output, x.mapped { $0 > 0 ? $0 : 0 })
                judge.expectEqual(
                    judge.backend.rectifiedLinearGradient(judge.backend.tensor(gradient), output: output),
                    x.combined(gradient) { $0 > 0 ? $1 : 0 }, "gradient")
            },
            ConformanceCase("gaussianErrorLinear by tanh, \(count) entries") { judge in byTanh(count, &judge) },
            ConformanceCase("gaussianErrorLinear exactly, \(count) entries") { judge in exactly(count, &judge) },
            ConformanceCase("gatedLinear, \(count) entries") { judge in gated(count, &judge) },
        ]
    }
}

private func activationInputs<Scalar: MatrixScalar>(_ count: Int) -> Matrix<Scalar> {
    let scales: [Scalar] = [0x1p-40, 0.01, 1, 3, 6, 12, 100]
    let random: Matrix<Scalar> = deviates(count, 1, seed: 25)
    return Matrix(rows: count, columns: 1, elements: random.elements.enumerated().map { $1 * scales[$0 % scales.count] })
}

/// What a backend in double precision may lose where 1 + tanh or 1 + erf cancels: an absolute error of a few units of x.
private func cancellation<Scalar: MatrixScalar>(_ scalar: Scalar.Type, _ x: Double) -> Double {
    Scalar.self == Float.self ? 0 : 8 * x.magnitude * (1 + x.magnitude) * 0x1p-53
}

/// x/2·(1 + tanh a) = x·σ(2a) with σ(t) = 1/(1 + e^−t). The argument 2a of a few roundings is off by at most 6·u·|2a|, which
/// changes σ relatively by (1 − σ) times as much; exponential, sum, quotient and product add at most 8 u; where σ is below the
/// smallest normal number it is off by at most that. The derivative is σ + x·σ·(1 − σ)·(2a)′, each term off likewise by at most
/// (6·|2a| + 16)·u.
private func byTanh<Backend: NeuralBackend>(_ count: Int, _ judge: inout Judge<Backend>) {
    let x: Matrix<Backend.Scalar> = activationInputs(count)
    let gradient: Matrix<Backend.Scalar> = deviates(count, 1, seed: 26)
    let wide = Matrix<Double>(x)
    let factor = (2 / Double.pi).squareRoot()
    func doubled(_ x: Double) -> Double { 2 * factor * (x + 0.044715 * x * x * x) }
    func logistic(_ t: Double) -> Double { 1 / (1 + exp(-t)) }
    func slopeTerm(_ x: Double) -> Double {
        let sigma = logistic(doubled(x))
        return sigma == 0 ? 0 : x * sigma * logistic(-doubled(x)) * 2 * factor * (1 + 3 * 0.044715 * x * x)
    }
    let unit = judge.unit
    let bounds = wide.mapped { x in
        let t = doubled(x)
        return (x * logistic(t)).magnitude * (6 * t.magnitude * logistic(-t) + 8) * unit + x.magnitude * 0x1p-126
            + cancellation(Backend.Scalar.self, x)
    }
    let (backend, tensor) = (judge.backend, judge.backend.tensor(x))
    judge.expect(
        backend.gaussianErrorLinear(tensor, .tanh), within: bounds, of: wide.mapped { $0 * logistic(doubled($0)) })
    let derivativeBounds = wide.mapped { x in
        (logistic(doubled(x)) + slopeTerm(x).magnitude) * (6 * doubled(x).magnitude + 16) * unit + 0x1p-100
            + cancellation(Backend.Scalar.self, x)
    }
    judge.expect(
        backend.gaussianErrorLinearGradient(backend.tensor(gradient), input: tensor, .tanh), within: derivativeBounds,
        of: Matrix<Double>(gradient).combined(wide) { $0 * (logistic(doubled($1)) + slopeTerm($1)) }, "gradient")
}

/// Of the smaller of Φ(x) and Φ(−x), and of the density φ, (2x² + 16)·u; the difference from 1 and the product with x add a
/// rounding each. Below e^−86.6 the exponential of float32 is 0. The derivative is Φ + x·φ.
private func exactly<Backend: NeuralBackend>(_ count: Int, _ judge: inout Judge<Backend>) {
    let x: Matrix<Backend.Scalar> = activationInputs(count)
    let gradient: Matrix<Backend.Scalar> = deviates(count, 1, seed: 26)
    let wide = Matrix<Double>(x)
    func distribution(_ x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }
    func density(_ x: Double) -> Double { exp(-x * x / 2) / (2 * Double.pi).squareRoot() }
    let unit = judge.unit
    func relative(_ x: Double) -> Double { (2 * x * x + 16) * unit }
    let bounds = wide.mapped { x in
        x.magnitude * (distribution(-x.magnitude) * relative(x) + distribution(x) * 2 * unit + 0x1p-124)
            + cancellation(Backend.Scalar.self, x)
    }
    let (backend, tensor) = (judge.backend, judge.backend.tensor(x))
    judge.expect(
        backend.gaussianErrorLinear(tensor, .exact), within: bounds, of: wide.mapped { $0 * distribution($0) })
    let derivativeBounds = wide.mapped { x in
        (distribution(-x.magnitude) + x.magnitude * density(x)) * relative(x) + 10 * distribution(x) * unit + 0x1p-100
            + cancellation(Backend.Scalar.self, x)
    }
    judge.expect(
        backend.gaussianErrorLinearGradient(backend.tensor(gradient), input: tensor, .exact), within: derivativeBounds,
        of: Matrix<Double>(gradient).combined(wide) { $0 * (distribution($1) + $1 * density($1)) }, "gradient")
}

/// x·g·σ(g): the exponential of −g, sum, quotient and two products are off by at most 10 u relatively; where σ is below the
/// smallest normal number it is off by at most that. In the gradient 1 − σ is off by 7 u of σ and its own rounding, times g·σ.
private func gated<Backend: NeuralBackend>(_ count: Int, _ judge: inout Judge<Backend>) {
    let gate: Matrix<Backend.Scalar> = activationInputs(count)
    let x: Matrix<Backend.Scalar> = deviates(count, 1, seed: 43)
    let outer: Matrix<Backend.Scalar> = deviates(count, 1, seed: 26)
    let (g, wide, dy) = (Matrix<Double>(gate), Matrix<Double>(x), Matrix<Double>(outer))
    func logistic(_ t: Double) -> Double { 1 / (1 + exp(-t)) }
    let (backend, unit) = (judge.backend, judge.unit)
    let (tensor, gates) = (backend.tensor(x), backend.tensor(gate))
    let output = wide.combined(g) { $0 * $1 * logistic($1) }
    judge.expect(
        backend.gatedLinear(tensor, gate: gates), within: output.mapped { $0.magnitude * 10 * unit + 0x1p-119 }, of: output)
    let found = backend.gatedLinearGradient(backend.tensor(outer), input: tensor, gate: gates)
    let input = dy.combined(g) { $0 * $1 * logistic($1) }
    judge.expect(found.input, within: input.mapped { $0.magnitude * 10 * unit + 0x1p-119 }, of: input, "input")
    let products = dy.combined(wide, *)
    judge.expect(
        found.gate,
        within: products.combined(g) { $0.magnitude * logistic($1) * (1 + $1.magnitude) * 16 * unit + 0x1p-110 },
        of: products.combined(g) { $0 * logistic($1) * (1 + $1 * logistic(-$1)) }, "gate")
}
