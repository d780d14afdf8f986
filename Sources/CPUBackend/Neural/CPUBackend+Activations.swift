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
    public func gaussianErrorLinear(_ a: Matrix<Scalar>) -> Matrix<Scalar> {
        entries(a) { x, y, range in
            if hasKernels { return kernels.gelu(floats(x), range.count, floats(y)) }
            for index in range { y[index] = x[index] * geluWeight(x[index]) }
        }
    }

    /// With w = (1 + tanh a)/2: w + x·w·(1 − w)·(2a)′.
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func gaussianErrorLinearGradient(_ outputGradient: Matrix<Scalar>, input: Matrix<Scalar>) -> Matrix<Scalar> {
        entries(outputGradient, input) { dy, x, dx, range in
            if hasKernels { return kernels.gelu_gradient(floats(dy), floats(x), range.count, floats(dx)) }
            for index in range {
                let value = x[index]
                let weight = geluWeight(value)
                let slope = 2 * Scalar(geluFactor) * (1 + 3 * Scalar(geluCubic) * value * value)
                dx[index] = dy[index] * (weight + value * weight * (1 - weight) * slope)
            }
        }
    }
}

/// √(2/π).
private let geluFactor = 0.7978845608028654
private let geluCubic = 0.044715

/// (1 + tanh a)/2 as 1/(1 + e^(−2a)): the sum of 1 and the tanh of a negative number would cancel.
@inline(__always)
private func geluWeight<Scalar: MatrixScalar>(_ x: Scalar) -> Scalar {
    1 / (1 + exponential(-2 * Scalar(geluFactor) * x * (1 + Scalar(geluCubic) * x * x)))
}
