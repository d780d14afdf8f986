import Compute

/// What a backward pass reads and writes beside the gradients of activations.
public struct BackwardPass<Backend: NeuralBackend>: Sendable {
    public let backend: Backend
    public let parameters: [Backend.Tensor]
    /// Of every parameter, nil until a layer has contributed.
    public private(set) var gradients: [Backend.Tensor?]
    /// Of every parameter that is a matrix, where they are wanted: the factors of its gradient, one a use of the parameter.
    public private(set) var factors: [[GradientFactors<Backend.Tensor>]]
    private let wantsFactors: Bool
    private let spared: Set<Int>

    /// - Parameters:
    ///   - wantsFactors: whether layers hand over the factors of their weights' gradients.
    ///   - spared: the positions of weights whose factors nobody wants all the same.
    public init(
        _ state: NetworkState<Backend>, wantsFactors: Bool = false, sparing spared: Set<Int> = [], _ backend: Backend
    ) {
        self.backend = backend
        self.wantsFactors = wantsFactors
        self.spared = spared
        parameters = state.parameters
        gradients = Array(repeating: nil, count: state.parameters.count)
        factors = Array(repeating: [], count: state.parameters.count)
    }

    /// Adds to a parameter's gradient: a tied parameter has several contributions.
    ///
    /// - Parameter factors: of a contribution to a matrix; computed where they are wanted.
    mutating func contribute(
        _ gradient: Backend.Tensor, to parameter: Int,
        factors: @autoclosure () -> GradientFactors<Backend.Tensor>? = nil
    ) {
        if wantsFactors, !spared.contains(parameter), let factors = factors() { self.factors[parameter].append(factors) }
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
