import Compute

/// A convolution, then batch normalization.
struct NormalizedConvolution<Backend: NeuralBackend>: Layer {
    struct Record: Sendable {
        let convolution: Convolution<Backend>.Record
        let normalization: BatchNormalization<Backend>.Record
    }

    private let convolution: Convolution<Backend>
    private let normalization: BatchNormalization<Backend>

    /// - Parameter bias: of the convolution, which the normalization takes out again; nil for none.
    init(
        _ layout: inout NetworkLayout, _ name: String, _ shape: ConvolutionShape,
        bias: ParameterDescription.Initialization? = nil
    ) {
        convolution = Convolution(
            &layout, "\(name).convolution", shape,
            weight: .rectifiedFanOut(shape.outputs * shape.kernel * shape.kernel), bias: bias)
        normalization = BatchNormalization(
            &layout, "\(name).normalization", channels: shape.outputs,
            positions: shape.outputHeight * shape.outputWidth)
    }

    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Record) {
        let convolved = convolution.forward(input, &pass)
        let normalized = normalization.forward(convolved.output, &pass)
        return (normalized.output, Record(convolution: convolved.record, normalization: normalized.record))
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        let convolved = normalization.backward(outputGradient, record.normalization, &pass)
        return convolution.backward(convolved, record.convolution, &pass)
    }

    /// `backward` of a network's first layer, whose input's gradient nobody reads.
    func contributeGradients(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
    ) {
        let convolved = normalization.backward(outputGradient, record.normalization, &pass)
        convolution.contributeGradients(convolved, record.convolution, &pass)
    }
}
