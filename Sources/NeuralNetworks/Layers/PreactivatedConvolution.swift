import Compute

/// Batch normalization and a rectifier, then a convolution without bias.
///
/// Source: He et al., arXiv 1603.05027, section 4; Huang et al., arXiv 1608.06993, section 3.
struct PreactivatedConvolution<Backend: NeuralBackend>: Layer {
    struct Record: Sendable {
        let normalization: BatchNormalization<Backend>.Record
        /// Its input is the rectified one.
        let convolution: Convolution<Backend>.Record
    }

    private let normalization: BatchNormalization<Backend>
    private let rectifier = RectifiedLinear<Backend>()
    private let convolution: Convolution<Backend>

    init(_ layout: inout NetworkLayout, _ name: String, _ shape: ConvolutionShape) {
        normalization = BatchNormalization(
            &layout, "\(name).normalization", channels: shape.inputs, positions: shape.height * shape.width)
        convolution = Convolution(&layout, "\(name).convolution", shape, weight: .rectifiedFanIn(shape.depth))
    }

    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Record) {
        let normalized = normalization.forward(input, &pass)
        let convolved = convolution.forward(rectifier.forward(normalized.output, &pass).output, &pass)
        return (convolved.output, Record(normalization: normalized.record, convolution: convolved.record))
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        let rectified = convolution.backward(outputGradient, record.convolution, &pass)
        let normalized = rectifier.backward(rectified, record.convolution.input, &pass)
        return normalization.backward(normalized, record.normalization, &pass)
    }
}
