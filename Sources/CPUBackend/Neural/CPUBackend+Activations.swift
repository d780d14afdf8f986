import Compute
import MatrixCore

extension CPUBackend {
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func rectifiedLinear(_ a: Matrix<Scalar>) -> Matrix<Scalar> {
        entries(a) { x, y, range in
            for index in range { y[index] = max(x[index], 0) }
        }
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func rectifiedLinearGradient(_ outputGradient: Matrix<Scalar>, output: Matrix<Scalar>) -> Matrix<Scalar> {
        entries(outputGradient, output) { dy, y, dx, range in
            for index in range { dx[index] = y[index] > 0 ? dy[index] : 0 }
        }
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func gaussianErrorLinear(_ a: Matrix<Scalar>) -> Matrix<Scalar> {
        entries(a) { x, y, range in
            for index in range {
                let value = x[index]
                y[index] = value / 2 * (1 + hyperbolicTangent(geluArgument(value)))
            }
        }
    }

    /// With t the tanh: (1 + t)/2 + x/2·(1 − t²)·√(2/π)·(1 + 3·0.044715·x²).
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func gaussianErrorLinearGradient(_ outputGradient: Matrix<Scalar>, input: Matrix<Scalar>) -> Matrix<Scalar> {
        entries(outputGradient, input) { dy, x, dx, range in
            for index in range {
                let value = x[index]
                let t = hyperbolicTangent(geluArgument(value))
                let inner = Scalar(geluFactor) * (1 + 3 * Scalar(geluCubic) * value * value)
                dx[index] = dy[index] * ((1 + t) / 2 + value / 2 * (1 - t * t) * inner)
            }
        }
    }
}

/// √(2/π).
private let geluFactor = 0.7978845608028654
private let geluCubic = 0.044715

@inline(__always)
private func geluArgument<Scalar: MatrixScalar>(_ x: Scalar) -> Scalar {
    Scalar(geluFactor) * (x + Scalar(geluCubic) * x * x * x)
}
