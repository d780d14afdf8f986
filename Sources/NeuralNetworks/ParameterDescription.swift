import Compute
import MatrixCore

/// A parameter's name, shape and distribution at the start.
public struct ParameterDescription: Sendable, Equatable {
    public enum Initialization: Sendable, Equatable {
        case constant(Double)
        /// Of mean 0.
        case normal(deviation: Double)
        /// In (−bound, bound).
        case uniform(bound: Double)
    }

    /// Components separated by full stops, from the outermost part inwards.
    public let name: String
    public let shape: ParameterShape
    public let initialization: Initialization
    /// Whether weight decay is for it: not for biases and what normalizations multiply by, nor for a class token, unless all is
    /// asked to decay.
    public let decays: Bool
    /// The position of the weight of the map whose bias this is: its gradient is the weight's factors' for an input of ones.
    public let weight: Int?

    public init(
        _ name: String, _ dimensions: [Int], _ initialization: Initialization, decays: Bool = true, weight: Int? = nil
    ) {
        self.name = name
        self.decays = decays
        self.weight = weight
        shape = ParameterShape(dimensions)
        self.initialization = initialization
    }
}

extension ParameterDescription.Initialization {
    /// Keeps the mean square of gradients through convolutions followed by rectifiers: normal of variance 2/(outputs·kernel²).
    ///
    /// Source: He et al., arXiv 1502.01852, equation 14.
    static func rectifiedFanOut(_ fanOut: Int) -> Self { .normal(deviation: (2 / Double(fanOut)).squareRoot()) }

    /// Keeps the mean square of activations through linear maps followed by rectifiers: normal of variance 2/inputs.
    ///
    /// Source: He et al., arXiv 1502.01852, equation 10.
    static func rectifiedFanIn(_ fanIn: Int) -> Self { .normal(deviation: (2 / Double(fanIn)).squareRoot()) }

    /// Uniform within ±1/√inputs, what PyTorch gives to linear maps and convolutions that nothing else is asked for.
    static func uniformFanIn(_ fanIn: Int) -> Self { .uniform(bound: 1 / Double(fanIn).squareRoot()) }
}

extension ParameterDescription {
    /// A matrix of the distribution at the start, drawn in row-major order.
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    func drawn<Scalar: MatrixScalar>(using generator: inout PhiloxGenerator) -> Matrix<Scalar> {
        let count = shape.rows * shape.columns
        switch initialization {
        case .constant(let value):
            return Matrix(rows: shape.rows, columns: shape.columns, repeating: Scalar(value))
        case .normal(let deviation):
            var values: [Scalar] = []
            values.reserveCapacity(count + 1)
            while values.count < count {
                let (first, second) = generator.normalPair()
                values.append(Scalar(deviation * first))
                values.append(Scalar(deviation * second))
            }
            return rowMajor(Array(values.prefix(count)))
        case .uniform(let bound):
            return rowMajor((0..<count).map { _ in Scalar(bound * (2 * generator.uniform() - 1)) })
        }
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    private func rowMajor<Scalar: MatrixScalar>(_ values: [Scalar]) -> Matrix<Scalar> {
        Matrix(rows: shape.columns, columns: shape.rows, elements: values).transposed
    }
}
