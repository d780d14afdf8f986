import Compute

/// A step of a network, from activations to activations, with its derivative written out.
///
/// A layer holds sizes and the positions of its parameters in the network's list. Its record keeps what the gradient
/// cannot do without; a tensor that several records keep is kept once.
protocol Layer<Backend>: Sendable {
    associatedtype Backend: NeuralBackend
    associatedtype Record: Sendable

    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Record)

    /// Contributes the gradients of the layer's parameters.
    ///
    /// - Returns: the input's gradient.
    func backward(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor
}
