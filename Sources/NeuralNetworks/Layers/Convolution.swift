import Compute

/// Cross-correlation with square kernels over images of a fixed size, with or without a bias a channel.
struct Convolution<Backend: NeuralBackend>: Layer {
    struct Record: Sendable {
        let input: Backend.Tensor
        let shape: ConvolutionShape
    }

    /// The shape for one image.
    private let shape: ConvolutionShape
    private let weight: Int
    private let bias: Int?

    /// - Parameter bias: nil for none.
    /// - Precondition: `shape.outputs` is at least 2, since a weight of one row would stand as a column.
    init(
        _ layout: inout NetworkLayout, _ name: String, _ shape: ConvolutionShape,
        weight: ParameterDescription.Initialization, bias: ParameterDescription.Initialization? = nil
    ) {
        precondition(shape.outputs >= 2, "\(name) has \(shape.outputs) outputs")
        self.shape = shape
        let dimensions = [shape.outputs, shape.inputs, shape.kernel, shape.kernel]
        let position = layout.addParameter("\(name).weight", dimensions, weight)
        self.weight = position
        self.bias = bias.map { layout.addBias(name, outputs: shape.outputs, $0, of: position) }
    }

    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Record) {
        let shape = shape.with(batch: pass.batch)
        let output = pass.backend.convolution(input, weight: pass.parameters[weight], shape)
        let record = Record(input: input, shape: shape)
        guard let bias else { return (output, record) }
        return (pass.backend.addToColumns(output, pass.parameters[bias]), record)
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        guard let input = gradient(outputGradient, record, &pass, wantsInput: true) else {
            preconditionFailure("a backend without the gradient that was asked for")
        }
        return input
    }

    /// `backward` of a network's first layer, whose input's gradient nobody reads.
    func contributeGradients(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
    ) {
        _ = gradient(outputGradient, record, &pass, wantsInput: false)
    }

    private func gradient(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>, wantsInput: Bool
    ) -> Backend.Tensor? {
        let gradient = pass.backend.convolutionGradient(
            outputGradient, input: record.input, weight: pass.parameters[weight], record.shape, wantsInput: wantsInput)
        let backend = pass.backend
        pass.contribute(
            gradient.weight, to: weight,
            factors: GradientFactors(rows: outputGradient, columns: record.patches(backend)))
        if let bias { pass.contribute(pass.backend.rowSums(outputGradient), to: bias) }
        return gradient.input
    }
}

extension Convolution.Record {
    /// What the kernels meet, depth × positions: the convolution whose weight is I.
    fileprivate func patches(_ backend: Backend) -> Backend.Tensor {
        let depth = shape.depth
        return backend.convolution(input, weight: backend.identity(depth), shape.with(outputs: depth))
    }
}

extension ConvolutionShape {
    func with(outputs: Int) -> ConvolutionShape {
        ConvolutionShape(
            batch: batch, height: height, width: width, inputs: inputs, outputs: outputs, kernel: kernel,
            stride: stride, padding: padding)
    }

    func with(batch: Int) -> ConvolutionShape {
        ConvolutionShape(
            batch: batch, height: height, width: width, inputs: inputs, outputs: outputs, kernel: kernel,
            stride: stride, padding: padding)
    }
}
