import Compute
import MatrixCore

/// A trainable function from a batch to logits, with its derivative written out.
///
/// The network is a value without numbers: it names its parameters, and computes with those it is given. `forward`
/// returns a record of what `backward` needs, so that nothing is kept between calls.
public protocol Network<Backend>: Sendable {
    associatedtype Backend: NeuralBackend
    associatedtype Record: Sendable

    /// The parameters, in the order in which `NetworkState` holds them.
    var parameters: [ParameterDescription] { get }
    /// The running statistics of normalizations, in the order in which `NetworkState` holds them.
    var runningStatistics: [ParameterDescription] { get }

    /// Logits: classes × positions.
    func forward(
        _ input: NetworkInput<Backend.Tensor>, _ pass: inout ForwardPass<Backend>
    ) -> (logits: Backend.Tensor, record: Record)

    /// Fills in the gradient of every parameter.
    func backward(_ logitsGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>)
}

/// A batch as a network reads it.
public enum NetworkInput<Tensor: Sendable>: Sendable {
    /// Channels × (sample, row, column).
    case images(Tensor, batch: Int)
    /// Token numbers, sample after sample.
    case tokens([Int], batch: Int)
}

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

    public init(_ name: String, _ dimensions: [Int], _ initialization: Initialization) {
        self.name = name
        shape = ParameterShape(dimensions)
        self.initialization = initialization
    }
}

/// The numbers of a network.
public struct NetworkState<Backend: NeuralBackend>: Sendable {
    public var parameters: [Backend.Tensor]
    public var runningStatistics: [Backend.Tensor]

    public init(parameters: [Backend.Tensor], runningStatistics: [Backend.Tensor]) {
        self.parameters = parameters
        self.runningStatistics = runningStatistics
    }

    /// Parameter k is drawn from stream k of the seed, in row-major order, so that one parameter's size does not shift the others.
    public init(initializing network: some Network<Backend>, seed: UInt64, _ backend: Backend) {
        func tensors(_ descriptions: [ParameterDescription]) -> [Backend.Tensor] {
            descriptions.enumerated().map { index, description in
                var generator = PhiloxGenerator(seed: seed, stream: UInt64(index))
                return backend.tensor(description.drawn(using: &generator))
            }
        }
        self.init(parameters: tensors(network.parameters), runningStatistics: tensors(network.runningStatistics))
    }
}

extension ParameterDescription {
    fileprivate func drawn<Scalar: MatrixScalar>(using generator: inout PhiloxGenerator) -> Matrix<Scalar> {
        var matrix = Matrix<Scalar>(rows: shape.rows, columns: shape.columns)
        for row in 0..<shape.rows {
            for column in 0..<shape.columns {
                switch initialization {
                case .constant(let value): matrix[row, column] = Scalar(value)
                case .normal(let deviation): matrix[row, column] = Scalar(deviation * generator.normalPair().0)
                case .uniform(let bound): matrix[row, column] = Scalar(bound * (2 * generator.uniform() - 1))
                }
            }
        }
        return matrix
    }
}

/// What a forward pass reads and writes beside activations.
public struct ForwardPass<Backend: NeuralBackend>: Sendable {
    public let backend: Backend
    public let parameters: [Backend.Tensor]
    /// Moved by batch normalization in training.
    public var runningStatistics: [Backend.Tensor]
    /// Whether dropout drops, and batch normalization uses the batch's own statistics.
    public let isTraining: Bool
    /// The seed of this pass; a layer that draws takes the next stream.
    public let seed: UInt64
    private var stream: UInt64 = 0

    public init(_ state: NetworkState<Backend>, isTraining: Bool, seed: UInt64, _ backend: Backend) {
        self.backend = backend
        parameters = state.parameters
        runningStatistics = state.runningStatistics
        self.isTraining = isTraining
        self.seed = seed
    }

    mutating func nextGenerator() -> PhiloxGenerator {
        defer { stream += 1 }
        return PhiloxGenerator(seed: seed, stream: stream)
    }
}

/// What a backward pass reads and writes beside the gradients of activations.
public struct BackwardPass<Backend: NeuralBackend>: Sendable {
    public let backend: Backend
    public let parameters: [Backend.Tensor]
    /// Of every parameter, nil until a layer has contributed.
    public private(set) var gradients: [Backend.Tensor?]

    public init(_ state: NetworkState<Backend>, _ backend: Backend) {
        self.backend = backend
        parameters = state.parameters
        gradients = Array(repeating: nil, count: state.parameters.count)
    }

    /// Adds to a parameter's gradient: a tied parameter has several contributions.
    mutating func contribute(_ gradient: Backend.Tensor, to parameter: Int) {
        if var sum = gradients[parameter] {
            gradients[parameter] = nil
            backend.combine(1, into: &sum, 1, gradient)
            gradients[parameter] = sum
        } else {
            gradients[parameter] = gradient
        }
    }
}
