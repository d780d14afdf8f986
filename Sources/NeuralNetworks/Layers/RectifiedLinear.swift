import Compute

/// max(x, 0); its gradient is read off the output.
struct RectifiedLinear<Backend: NeuralBackend>: Layer {
    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Backend.Tensor) {
        let output = pass.backend.rectifiedLinear(input)
        return (output, output)
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ output: Backend.Tensor, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        pass.backend.rectifiedLinearGradient(outputGradient, output: output)
    }
}
