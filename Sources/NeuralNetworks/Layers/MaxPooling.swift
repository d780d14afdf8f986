import Compute

/// The largest entry of every channel under the kernel.
struct MaxPooling<Backend: NeuralBackend>: Layer {
    /// The shape for one image.
    private let shape: ConvolutionShape

    /// - Precondition: the outputs are the inputs, and the padding is at most half of the kernel.
    init(_ shape: ConvolutionShape) {
        precondition(shape.outputs == shape.inputs && 2 * shape.padding <= shape.kernel, "the largest entries by \(shape)")
        self.shape = shape
    }

    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Convolution<Backend>.Record) {
        let shape = shape.with(batch: pass.batch)
        return (pass.backend.maxPooling(input, shape), Convolution.Record(input: input, shape: shape))
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ record: Convolution<Backend>.Record, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        pass.backend.maxPoolingGradient(outputGradient, input: record.input, record.shape)
    }
}
