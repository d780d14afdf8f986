import Compute

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
            // Released, so that the sum is formed in place.
            gradients[parameter] = nil
            backend.combine(1, into: &sum, 1, gradient)
            gradients[parameter] = sum
        } else {
            gradients[parameter] = gradient
        }
    }
}
