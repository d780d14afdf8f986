import Compute

/// The largest entries under kernels, channel by channel.
extension CUDABackend {
    public func maxPooling(_ input: Tensor, _ shape: ConvolutionShape) -> Tensor {
        requirePooling(shape, input: input)
        let output = makeTensor(rows: shape.outputs, columns: shape.positions(of: shape.batch))
        launch(
            .convolution, "max_pooling", count: output.count, input.address, KernelImages(shape), output.address,
            Int64(output.count))
        return output
    }

    public func maxPoolingGradient(_ outputGradient: Tensor, input: Tensor, _ shape: ConvolutionShape) -> Tensor {
        requirePooling(shape, input: input)
        precondition(
            outputGradient.rows == shape.outputs && outputGradient.columns == shape.positions(of: shape.batch),
            "an output of \(outputGradient.rows) × \(outputGradient.columns) for \(shape)")
        let gradient = makeTensor(rows: input.rows, columns: input.columns)
        launch(
            .convolution, "max_pooling_gradient", count: gradient.count, outputGradient.address, input.address,
            KernelImages(shape), gradient.address, Int64(gradient.count))
        return gradient
    }

    private func requirePooling(_ shape: ConvolutionShape, input: Tensor) {
        precondition(
            shape.outputs == shape.inputs && 2 * shape.padding <= shape.kernel && input.rows == shape.inputs
                && input.columns == shape.batch * shape.height * shape.width,
            "the largest entries of \(input.rows) × \(input.columns) by \(shape)")
    }
}
