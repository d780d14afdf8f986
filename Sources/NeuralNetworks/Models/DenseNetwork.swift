import Compute

/// Blocks in which every layer reads the channels of all before it, with transitions to half of the channels at half the
/// resolution between them: DenseNet-BC.
///
/// Small images meet a convolution of 3 × 3 first, as in the common implementations for CIFAR; large ones that of 7 × 7 with
/// pooling. Initialization is torchvision's, but for the large stem's, which is that of residual networks.
///
/// Source: Huang et al., arXiv 1608.06993, section 3 and table 1; torchvision, `densenet.py`.
public struct DenseNetwork<Backend: NeuralBackend>: Network {
    public let parameters: [ParameterDescription]
    public let runningStatistics: [ParameterDescription]
    public let outputs: Int

    public struct Record: Sendable {
        fileprivate var stem: StemRecord
        fileprivate var blocks: [[DenseLayer<Backend>.Record]] = []
        fileprivate var transitions: [Transition.Record] = []
        fileprivate let normalization: BatchNormalization<Backend>.Record
        fileprivate let rectified: Backend.Tensor
        fileprivate let features: Backend.Tensor
    }

    private enum Stem: Sendable {
        case small(Convolution<Backend>)
        case large(ConvolutionalStem<Backend>)
    }

    fileprivate enum StemRecord: Sendable {
        case small(Convolution<Backend>.Record)
        case large(ConvolutionalStem<Backend>.Record)
    }

    private let stem: Stem
    private let blocks: [[DenseLayer<Backend>]]
    private let transitions: [Transition]
    private let normalization: BatchNormalization<Backend>
    private let rectifier = RectifiedLinear<Backend>()
    private let pooling: GlobalAveragePooling<Backend>
    private let head: Linear<Backend>

    /// - Parameters:
    ///   - growth: the channels that every layer adds; the stem has twice as many.
    ///   - layers: the layers of every block.
    ///   - isLarge: whether it has the form for ImageNet.
    /// - Throws: `ModelError.outOfRange`.
    public init(
        name: String = "densenet", image: ImageShape, classes: Int, growth: Int, layers: [Int], isLarge: Bool
    ) throws(ModelError) {
        let requirements = SizeRequirements(model: name)
        try requirements.images(image, classes: classes)
        try requirements.range(.init("number of blocks", layers.count), from: 1, through: 8)
        for count in layers { try requirements.range(.init("number of layers", count), from: 1, through: 1 << 8) }
        try requirements.range(.init("width", growth), from: 2, through: 1 << 10)
        // A transition halves the image, and so does each of the large stem's two.
        let least = 1 << (layers.count - 1 + (isLarge ? 2 : 0))
        try requirements.range(.init("image height", image.height), from: least, through: 1 << 14)
        try requirements.range(.init("image width", image.width), from: least, through: 1 << 14)

        var layout = NetworkLayout()
        var (channels, height, width) = (2 * growth, image.height, image.width)
        if isLarge {
            let large = ConvolutionalStem<Backend>(&layout, image, outputs: channels, isLarge: true)
            (stem, height, width) = (.large(large), large.height, large.width)
        } else {
            let shape = ConvolutionShape(
                batch: 1, height: height, width: width, inputs: image.channels, outputs: channels, kernel: 3, padding: 1)
            stem = .small(Convolution(&layout, "stem.convolution", shape, weight: .rectifiedFanIn(shape.depth)))
        }
        var (blocks, transitions) = ([[DenseLayer<Backend>]](), [Transition]())
        for (block, count) in layers.enumerated() {
            blocks.append([])
            for layer in 0..<count {
                blocks[block].append(
                    DenseLayer(
                        &layout, "blocks.\(block).\(layer)", inputs: channels, height: height, width: width, growth: growth))
                channels += growth
            }
            if block == layers.count - 1 { break }
            transitions.append(
                Transition(&layout, "transitions.\(block)", inputs: channels, height: height, width: width))
            (channels, height, width) = (channels / 2, height / 2, width / 2)
        }
        (self.blocks, self.transitions) = (blocks, transitions)
        normalization = BatchNormalization(&layout, "normalization", channels: channels, positions: height * width)
        pooling = GlobalAveragePooling(positions: height * width)
        head = Linear(
            &layout, "head", inputs: channels, outputs: classes, weight: .uniformFanIn(channels), bias: .constant(0))
        outputs = classes
        parameters = layout.parameters
        runningStatistics = layout.runningStatistics
    }

    public func forward(
        _ input: NetworkInput<Backend.Tensor>, _ pass: inout ForwardPass<Backend>
    ) -> (logits: Backend.Tensor, record: Record) {
        let (images, batch) = input.expectingImages
        pass.batch = batch
        var (activation, stem) = forwardStem(images, &pass)
        var (layers, halvings) = ([[DenseLayer<Backend>.Record]](), [Transition.Record]())
        for (index, block) in blocks.enumerated() {
            let grown = block.forward(activation, &pass)
            activation = grown.output
            layers.append(grown.records)
            if index == transitions.count { break }
            let halved = transitions[index].forward(activation, &pass)
            activation = halved.output
            halvings.append(halved.record)
        }
        let normalized = normalization.forward(activation, &pass)
        let rectified = rectifier.forward(normalized.output, &pass).output
        let features = pooling.forward(rectified, &pass).output
        let record = Record(
            stem: stem, blocks: layers, transitions: halvings, normalization: normalized.record, rectified: rectified,
            features: features)
        return (head.forward(features, &pass).output, record)
    }

    public func backward(_ logitsGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>) {
        var gradient = pooling.backward(head.backward(logitsGradient, record.features, &pass), (), &pass)
        gradient = rectifier.backward(gradient, record.rectified, &pass)
        gradient = normalization.backward(gradient, record.normalization, &pass)
        for index in blocks.indices.reversed() {
            if index < transitions.count {
                gradient = transitions[index].backward(gradient, record.transitions[index], &pass)
            }
            gradient = blocks[index].backward(gradient, record.blocks[index], &pass)
        }
        switch (stem, record.stem) {
        case (.small(let layer), .small(let record)): layer.contributeGradients(gradient, record, &pass)
        case (.large(let layer), .large(let record)): layer.contributeGradients(gradient, record, &pass)
        default: preconditionFailure("the record of another network")
        }
    }

    private func forwardStem(
        _ images: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: StemRecord) {
        switch stem {
        case .small(let layer):
            let (output, record) = layer.forward(images, &pass)
            return (output, .small(record))
        case .large(let layer):
            let (output, record) = layer.forward(images, &pass)
            return (output, .large(record))
        }
    }
}

extension DenseNetwork {
    /// A pre-activated convolution of kernel 1 to half of the channels, then the means over 2 × 2 pixels.
    fileprivate struct Transition: Layer {
        struct Record: Sendable {
            let convolution: PreactivatedConvolution<Backend>.Record
            let batch: Int
        }

        private let convolution: PreactivatedConvolution<Backend>
        private let pooling: HalvingPooling<Backend>

        init(_ layout: inout NetworkLayout, _ name: String, inputs: Int, height: Int, width: Int) {
            convolution = PreactivatedConvolution(
                &layout, name,
                ConvolutionShape(batch: 1, height: height, width: width, inputs: inputs, outputs: inputs / 2, kernel: 1))
            pooling = HalvingPooling(channels: inputs / 2, height: height, width: width)
        }

        func forward(
            _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
        ) -> (output: Backend.Tensor, record: Record) {
            let convolved = convolution.forward(input, &pass)
            let pooled = pooling.forward(convolved.output, &pass)
            return (pooled.output, Record(convolution: convolved.record, batch: pooled.record))
        }

        func backward(
            _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
        ) -> Backend.Tensor {
            convolution.backward(pooling.backward(outputGradient, record.batch, &pass), record.convolution, &pass)
        }
    }
}

/// DenseNet-121: blocks of 6, 12, 24 and 16 layers, of growth 32. 7,978,856 parameters for 1000 classes at 224 pixels, as
/// torchvision's `densenet121`; 7,048,548 for 100 classes at 32.
enum DenseNetwork121: ImageNetworkDefinition {
    static let name = "densenet121"
    static let options: [ModelOptions.Name] = [.width]
    static let defaults = ModelOptions(width: 32)
    static let training = TrainingDefaults.convolutional

    static func network<Backend: NeuralBackend>(
        _ options: ModelOptions, _ image: ImageShape, classes: Int, on backend: Backend.Type
    ) throws(ModelError) -> any Network<Backend> {
        try DenseNetwork<Backend>(
            name: name, image: image, classes: classes, growth: options.value(\.width), layers: [6, 12, 24, 16],
            isLarge: image.isLarge)
    }
}
