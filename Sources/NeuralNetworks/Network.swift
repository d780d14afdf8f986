import Compute

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
    /// The rows of the logits: classes, or the tokens of the vocabulary.
    var outputs: Int { get }

    /// The positions in `parameters` of tables of tokens and of maps to their logits; none where images are read.
    var vocabularyParameters: [Int] { get }

    /// Logits: outputs × positions, one position an image or a token.
    func forward(
        _ input: NetworkInput<Backend.Tensor>, _ pass: inout ForwardPass<Backend>
    ) -> (logits: Backend.Tensor, record: Record)

    /// Fills in the gradient of every parameter.
    ///
    /// - Precondition: the record is of a pass in training.
    func backward(_ logitsGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>)
}

extension Network {
    public var vocabularyParameters: [Int] { [] }

    /// The numbers that training changes.
    public var parameterCount: Int {
        parameters.reduce(0) { $0 + $1.shape.rows * $1.shape.columns }
    }
}

/// A batch as a network reads it.
public enum NetworkInput<Tensor: Sendable>: Sendable {
    /// Channels × (sample, row, column).
    case images(Tensor, batch: Int)
    /// Token numbers, sample after sample.
    case tokens([Int], batch: Int)
}
