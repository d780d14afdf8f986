import Compute

/// How a block's input reaches its sum where sizes change.
public enum ResidualShortcut: Sendable {
    /// Subsampled, with channels of zeros added (option A).
    case padding
    /// A convolution of kernel 1 with batch normalization (option B).
    case projection
}

/// The convolutions of a block.
public enum ResidualBlockKind: Sendable {
    /// Two of kernel 3.
    case basic
    /// One of kernel 1, one of kernel 3, and one of kernel 1 to four times as many channels. The second has the stride, as in
    /// torchvision; in the paper it is the first.
    case bottleneck

    /// Kernel, channels in multiples of the stage's, and whether the stride is here.
    fileprivate var convolutions: [(kernel: Int, factor: Int, isStrided: Bool)] {
        switch self {
        case .basic: [(3, 1, true), (3, 1, false)]
        case .bottleneck: [(1, 1, false), (3, 1, true), (1, 4, false)]
        }
    }

    /// The channels of a block's output in multiples of the stage's.
    var expansion: Int { self == .basic ? 1 : 4 }
}

/// rectified(normalized convolutions, rectified in between, + shortcut).
///
/// Source: He et al., arXiv 1512.03385, section 3.2 and figures 2 and 5.
struct ResidualBlock<Backend: NeuralBackend>: Layer {
    struct Record: Sendable {
        let convolutions: [NormalizedConvolution<Backend>.Record]
        /// The rectified outputs of all convolutions but the last.
        let hidden: [Backend.Tensor]
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

    private let convolutions: [NormalizedConvolution<Backend>]
    private let shortcut: Shortcut
    private let rectifier = RectifiedLinear<Backend>()

    /// - Parameter shape: of a convolution of kernel 3 from the block's input to the stage's channels, of the block's stride.
    init(
        _ layout: inout NetworkLayout, _ name: String, _ shape: ConvolutionShape, _ kind: ResidualBlockKind = .basic,
        _ shortcut: ResidualShortcut
    ) {
        var (convolutions, inputs) = ([NormalizedConvolution<Backend>](), shape.inputs)
        var (height, width) = (shape.height, shape.width)
        for (part, convolution) in zip(["first", "second", "third"], kind.convolutions) {
            let own = ConvolutionShape(
                batch: 1, height: height, width: width, inputs: inputs, outputs: convolution.factor * shape.outputs,
                kernel: convolution.kernel, stride: convolution.isStrided ? shape.stride : 1, padding: convolution.kernel / 2)
            convolutions.append(NormalizedConvolution(&layout, "\(name).\(part)", own))
            (inputs, height, width) = (own.outputs, own.outputHeight, own.outputWidth)
        }
        self.convolutions = convolutions
        let direct = ConvolutionShape(
            batch: 1, height: shape.height, width: shape.width, inputs: shape.inputs, outputs: inputs, kernel: 1,
            stride: shape.stride)
        if shape.stride == 1 && shape.inputs == inputs {
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
        var (sum, records) = (input, [NormalizedConvolution<Backend>.Record]())
        var hidden: [Backend.Tensor] = []
        for (index, convolution) in convolutions.enumerated() {
            let (convolved, record) = convolution.forward(sum, &pass)
            records.append(record)
            sum = convolved
            if index == convolutions.count - 1 { break }
            sum = rectifier.forward(convolved, &pass).output
            hidden.append(sum)
        }
        let direct = forwardShortcut(input, &pass)
        pass.backend.combine(1, into: &sum, 1, direct.output)
        let output = rectifier.forward(sum, &pass).output
        return (output, Record(convolutions: records, hidden: hidden, shortcut: direct.record, output: output))
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        let sum = rectifier.backward(outputGradient, record.output, &pass)
        var gradient = sum
        for index in convolutions.indices.reversed() {
            if index < record.hidden.count { gradient = rectifier.backward(gradient, record.hidden[index], &pass) }
            gradient = convolutions[index].backward(gradient, record.convolutions[index], &pass)
        }
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
