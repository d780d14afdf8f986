import Compute

/// What a convolutional network begins with: a normalized convolution, a rectifier, and for large images the largest of 3 × 3
/// pixels at every second one.
///
/// Source: He et al., arXiv 1512.03385, table 1 (large images) and section 4.2 (small ones).
struct ConvolutionalStem<Backend: NeuralBackend>: Sendable {
    struct Record: Sendable {
        let convolution: NormalizedConvolution<Backend>.Record
        let rectified: Backend.Tensor
        let pooling: Convolution<Backend>.Record?
    }

    private let convolution: NormalizedConvolution<Backend>
    private let rectifier = RectifiedLinear<Backend>()
    private let pooling: MaxPooling<Backend>?
    /// The rows and columns that it leaves.
    let height: Int
    let width: Int

    /// - Parameter isLarge: a kernel of 7 and stride 2 with pooling, in the place of one of 3 alone.
    init(_ layout: inout NetworkLayout, _ image: ImageShape, outputs: Int, isLarge: Bool) {
        let shape = ConvolutionShape(
            batch: 1, height: image.height, width: image.width, inputs: image.channels, outputs: outputs,
            kernel: isLarge ? 7 : 3, stride: isLarge ? 2 : 1, padding: isLarge ? 3 : 1)
        convolution = NormalizedConvolution(&layout, "stem", shape)
        let pooled = ConvolutionShape(
            batch: 1, height: shape.outputHeight, width: shape.outputWidth, inputs: outputs, outputs: outputs, kernel: 3,
            stride: 2, padding: 1)
        pooling = isLarge ? MaxPooling(pooled) : nil
        (height, width) =
            isLarge ? (pooled.outputHeight, pooled.outputWidth) : (shape.outputHeight, shape.outputWidth)
    }

    func forward(
        _ images: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Record) {
        let convolved = convolution.forward(images, &pass)
        let rectified = rectifier.forward(convolved.output, &pass).output
        let pooled = pooling?.forward(rectified, &pass)
        let record = Record(convolution: convolved.record, rectified: rectified, pooling: pooled?.record)
        return (pooled?.output ?? rectified, record)
    }

    func contributeGradients(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
    ) {
        var gradient = outputGradient
        if let pooling, let pooled = record.pooling { gradient = pooling.backward(gradient, pooled, &pass) }
        gradient = rectifier.backward(gradient, record.rectified, &pass)
        convolution.contributeGradients(gradient, record.convolution, &pass)
    }
}
