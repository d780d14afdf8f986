import Compute

/// How a block's input reaches its sum where sizes change.
public enum ResidualShortcut: Sendable {
    /// Subsampled, with channels of zeros added (option A).
    case padding
    /// A convolution of kernel 1 with batch normalization (option B).
    case projection
}

/// rectified(normalized convolution of the rectified first one + shortcut): the basic block.
///
/// Source: He et al., arXiv 1512.03385, section 3.2 and figure 2.
struct ResidualBlock<Backend: NeuralBackend>: Layer {
    struct Record: Sendable {
        let first: NormalizedConvolution<Backend>.Record
        let hidden: Backend.Tensor
        let second: NormalizedConvolution<Backend>.Record
        let shortcut: ShortcutRecord
        let output: Backend.Tensor
    }

    enum ShortcutRecord: Sendable {
        case identity
        case padding(Convolution<Backend>.Record)
        case projection(NormalizedConvolution<Backend>.Record)
    }

    private enum Shortcut: Sendable {
        case identity
        case padding(PaddedSubsampling<Backend>)
        case projection(NormalizedConvolution<Backend>)
    }

    private let first: NormalizedConvolution<Backend>
    private let second: NormalizedConvolution<Backend>
    private let shortcut: Shortcut
    private let rectifier = RectifiedLinear<Backend>()

    /// - Parameter shape: of the first convolution: kernel 3, padding 1, of the block's stride.
    init(_ layout: inout NetworkLayout, _ name: String, _ shape: ConvolutionShape, _ shortcut: ResidualShortcut) {
        first = NormalizedConvolution(&layout, "\(name).first", shape)
        second = NormalizedConvolution(
            &layout, "\(name).second",
            ConvolutionShape(
                batch: 1, height: shape.outputHeight, width: shape.outputWidth, inputs: shape.outputs,
                outputs: shape.outputs, kernel: 3, padding: 1))
        let direct = ConvolutionShape(
            batch: 1, height: shape.height, width: shape.width, inputs: shape.inputs, outputs: shape.outputs,
            kernel: 1, stride: shape.stride)
        if shape.stride == 1 && shape.inputs == shape.outputs {
            self.shortcut = .identity
        } else {
            self.shortcut =
                switch shortcut {
                case .padding: .padding(PaddedSubsampling(direct))
                case .projection: .projection(NormalizedConvolution(&layout, "\(name).shortcut", direct))
                }
        }
    }

    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Record) {
        let convolved = first.forward(input, &pass)
        let hidden = rectifier.forward(convolved.output, &pass).output
        var (sum, second) = second.forward(hidden, &pass)
        let direct = forwardShortcut(input, &pass)
        pass.backend.combine(1, into: &sum, 1, direct.output)
        let output = rectifier.forward(sum, &pass).output
        let record = Record(
            first: convolved.record, hidden: hidden, second: second, shortcut: direct.record, output: output)
        return (output, record)
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        let sum = rectifier.backward(outputGradient, record.output, &pass)
        let hidden = second.backward(sum, record.second, &pass)
        var gradient = first.backward(rectifier.backward(hidden, record.hidden, &pass), record.first, &pass)
        pass.backend.combine(1, into: &gradient, 1, backwardShortcut(sum, record.shortcut, &pass))
        return gradient
    }

    private func forwardShortcut(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: ShortcutRecord) {
        switch shortcut {
        case .identity: return (input, .identity)
        case .padding(let layer):
            let (output, record) = layer.forward(input, &pass)
            return (output, .padding(record))
        case .projection(let layer):
            let (output, record) = layer.forward(input, &pass)
            return (output, .projection(record))
        }
    }

    private func backwardShortcut(
        _ gradient: Backend.Tensor, _ record: ShortcutRecord, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        switch (shortcut, record) {
        case (.identity, .identity): return gradient
        case (.padding(let layer), .padding(let record)): return layer.backward(gradient, record, &pass)
        case (.projection(let layer), .projection(let record)): return layer.backward(gradient, record, &pass)
        default: preconditionFailure("the record of another block")
        }
    }
}
