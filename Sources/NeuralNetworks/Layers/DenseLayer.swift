import Compute

/// The input with new channels below it: a convolution of kernel 1 to four times as many channels as are new, then one of
/// kernel 3, both pre-activated.
///
/// Source: Huang et al., arXiv 1608.06993, section 3, DenseNet-B.
struct DenseLayer<Backend: NeuralBackend>: Layer {
    struct Record: Sendable {
        let bottleneck: PreactivatedConvolution<Backend>.Record
        let growth: PreactivatedConvolution<Backend>.Record
    }

    private let bottleneck: PreactivatedConvolution<Backend>
    private let growth: PreactivatedConvolution<Backend>
    private let inputs: Int

    init(_ layout: inout NetworkLayout, _ name: String, inputs: Int, height: Int, width: Int, growth: Int) {
        bottleneck = PreactivatedConvolution(
            &layout, "\(name).bottleneck",
            ConvolutionShape(batch: 1, height: height, width: width, inputs: inputs, outputs: 4 * growth, kernel: 1))
        self.growth = PreactivatedConvolution(
            &layout, "\(name).growth",
            ConvolutionShape(
                batch: 1, height: height, width: width, inputs: 4 * growth, outputs: growth, kernel: 3, padding: 1))
        self.inputs = inputs
    }

    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Record) {
        let narrowed = bottleneck.forward(input, &pass)
        let grown = growth.forward(narrowed.output, &pass)
        return (
            pass.backend.stacked([input, grown.output]), Record(bottleneck: narrowed.record, growth: grown.record)
        )
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        let backend = pass.backend
        let (rows, columns) = backend.shape(of: outputGradient)
        let grown = backend.block(outputGradient, rows: inputs..<rows, columns: 0..<columns)
        var gradient = backend.block(outputGradient, rows: 0..<inputs, columns: 0..<columns)
        let narrowed = growth.backward(grown, record.growth, &pass)
        backend.combine(1, into: &gradient, 1, bottleneck.backward(narrowed, record.bottleneck, &pass))
        return gradient
    }
}

extension NeuralBackend {
    /// Tensors of equally many columns, one above another.
    ///
    /// - Precondition: there is one.
    func stacked(_ tensors: [Tensor]) -> Tensor {
        let heights = tensors.map { shape(of: $0).rows }
        let columns = shape(of: tensors[0]).columns
        var result = zeros(rows: heights.reduce(0, +), columns: columns)
        var first = 0
        for (tensor, height) in zip(tensors, heights) {
            setBlock(&result, rows: first..<first + height, columns: 0..<columns, to: tensor)
            first += height
        }
        return result
    }
}
