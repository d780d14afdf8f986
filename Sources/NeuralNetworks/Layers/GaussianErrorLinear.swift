import Compute

/// GELU in its tanh form.
struct GaussianErrorLinear<Backend: NeuralBackend>: Layer {
    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Backend.Tensor) {
        (pass.backend.gaussianErrorLinear(input), input)
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ input: Backend.Tensor, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        pass.backend.gaussianErrorLinearGradient(outputGradient, input: input)
    }
}
