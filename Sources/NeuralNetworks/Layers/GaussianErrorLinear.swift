import Compute

/// GELU.
struct GaussianErrorLinear<Backend: NeuralBackend>: Layer {
    let form: GaussianErrorForm

    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Backend.Tensor) {
        (pass.backend.gaussianErrorLinear(input, form), input)
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ input: Backend.Tensor, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        pass.backend.gaussianErrorLinearGradient(outputGradient, input: input, form)
    }
}
