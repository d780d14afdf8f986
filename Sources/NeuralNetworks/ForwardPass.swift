import Compute
import MatrixCore

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
    /// The samples of this pass, set by the network before its first layer.
    var batch = 0
    /// The positions of a sample in layers on sequences.
    var length = 0

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
