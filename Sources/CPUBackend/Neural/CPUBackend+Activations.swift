import Compute
import MatrixCore

extension CPUBackend {
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func rectifiedLinear(_ a: Matrix<Scalar>) -> Matrix<Scalar> {
        entries(a) { x, y, range in
            if hasKernels { return kernels.rectify(floats(x), range.count, floats(y)) }
            for index in range { y[index] = max(x[index], 0) }
        }
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func rectifiedLinearGradient(_ outputGradient: Matrix<Scalar>, output: Matrix<Scalar>) -> Matrix<Scalar> {
        entries(outputGradient, output) { dy, y, dx, range in
            if hasKernels { return kernels.rectify_gradient(floats(dy), floats(y), range.count, floats(dx)) }
            for index in range { dx[index] = y[index] > 0 ? dy[index] : 0 }
        }
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func gaussianErrorLinear(_ a: Matrix<Scalar>, _ form: GaussianErrorForm) -> Matrix<Scalar> {
        entries(a) { x, y, range in
            if hasKernels {
                let kernel = form == .exact ? kernels.gelu_exact! : kernels.gelu_tanh!
                return kernel(floats(x), range.count, floats(y))
            }
            for index in range { y[index] = x[index] * geluWeight(x[index], form) }
        }
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func gaussianErrorLinearGradient(
        _ outputGradient: Matrix<Scalar>, input: Matrix<Scalar>, _ form: GaussianErrorForm
    ) -> Matrix<Scalar> {
        entries(outputGradient, input) { dy, x, dx, range in
            if hasKernels {
                let kernel = form == .exact ? kernels.gelu_exact_gradient! : kernels.gelu_tanh_gradient!
                return kernel(floats(dy), floats(x), range.count, floats(dx))
            }
            for index in range { dx[index] = dy[index] * geluDerivative(x[index], form) }
        }
    }
}

/// √(2/π).
private let geluFactor = 0.7978845608028654
private let geluCubic = 0.044715

/// What x is multiplied by: Φ(x), or (1 + tanh a)/2 as 1/(1 + e^(−2a)), since the sum of 1 and the tanh of a negative number
/// would cancel.
@inline(__always)
private func geluWeight<Scalar: MatrixScalar>(_ x: Scalar, _ form: GaussianErrorForm) -> Scalar {
    switch form {
    case .exact: normalDistribution(x)
    case .tanh: 1 / (1 + exponential(-2 * Scalar(geluFactor) * x * (1 + Scalar(geluCubic) * x * x)))
    }
}

/// Φ(x) + x·φ(x) with the density φ(x) = e^(−x²/2)/√(2π); with w = (1 + tanh a)/2, w + x·w·(1 − w)·(2a)′.
@inline(__always)
private func geluDerivative<Scalar: MatrixScalar>(_ x: Scalar, _ form: GaussianErrorForm) -> Scalar {
    let weight = geluWeight(x, form)
    switch form {
    case .exact: return weight + x * exponential(-x * x / 2) * Scalar(geluFactor / 2)
    case .tanh:
        let slope = 2 * Scalar(geluFactor) * (1 + 3 * Scalar(geluCubic) * x * x)
        return weight + x * weight * (1 - weight) * slope
    }
}
