import Compute
import MatrixCore

/// The numbers of a network.
public struct NetworkState<Backend: NeuralBackend>: Sendable {
    public var parameters: [Backend.Tensor]
    public var runningStatistics: [Backend.Tensor]

    public init(parameters: [Backend.Tensor], runningStatistics: [Backend.Tensor]) {
        self.parameters = parameters
        self.runningStatistics = runningStatistics
    }

    /// Parameter k is drawn from stream k of the seed, in row-major order, so that one parameter's size does not shift the
    /// others.
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
