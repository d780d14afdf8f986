import Compute

/// The mean over the positions of every sample: channels × (sample, position) to channels × samples.
struct GlobalAveragePooling<Backend: NeuralBackend>: Layer {
    /// The positions of a sample.
    let positions: Int

    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Void) {
        (pass.backend.groupMeans(input, size: positions), ())
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ record: Void, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        pass.backend.spreadGroups(outputGradient, size: positions)
    }
}
