import Compute

/// Residual blocks in stages, each stage after the first at half the resolution and twice the channels.
///
/// The form of He et al. for CIFAR: a 3×3 stem of stride 1, and no pooling before the global one.
///
/// Source: He et al., arXiv 1512.03385, sections 3.3 and 4.2.
public struct ResidualNetwork<Backend: NeuralBackend>: Network {
    public let parameters: [ParameterDescription]
    public let runningStatistics: [ParameterDescription]
    public let outputs: Int

    public struct Record: Sendable {
        fileprivate let stem: NormalizedConvolution<Backend>.Record
        fileprivate let stemOutput: Backend.Tensor
        fileprivate let blocks: [ResidualBlock<Backend>.Record]
        fileprivate let features: Backend.Tensor
    }

    private let stem: NormalizedConvolution<Backend>
    private let blocks: [ResidualBlock<Backend>]
    private let pooling: GlobalAveragePooling<Backend>
    private let head: Linear<Backend>
    private let rectifier = RectifiedLinear<Backend>()

    /// - Parameters:
    ///   - name: the model's name, for errors.
    ///   - width: the channels of the stem and the first stage.
    ///   - stages: the blocks of every stage.
    /// - Throws: `ModelError.outOfRange`.
    public init(
        name: String = "resnet", image: ImageShape, classes: Int, width: Int, stages: [Int],
        shortcut: ResidualShortcut
    ) throws(ModelError) {
        let requirements = SizeRequirements(model: name)
        try requirements.images(image, classes: classes)
        try requirements.range(.init("number of stages", stages.count), from: 1, through: 8)
        for count in stages { try requirements.range(.init("number of blocks", count), from: 1, through: 1 << 8) }
        try requirements.range(.init("width", width), from: 2, through: 1 << 12)

        var layout = NetworkLayout()
        var shape = ConvolutionShape(
            batch: 1, height: image.height, width: image.width, inputs: image.channels, outputs: width, kernel: 3,
            padding: 1)
        stem = NormalizedConvolution(&layout, "stem", shape)
        var blocks: [ResidualBlock<Backend>] = []
        for (stage, count) in stages.enumerated() {
            for block in 0..<count {
                shape = ConvolutionShape(
                    batch: 1, height: shape.outputHeight, width: shape.outputWidth, inputs: shape.outputs,
                    outputs: width << stage, kernel: 3, stride: stage > 0 && block == 0 ? 2 : 1, padding: 1)
                blocks.append(ResidualBlock(&layout, "stages.\(stage).\(block)", shape, shortcut))
            }
        }
        self.blocks = blocks
        pooling = GlobalAveragePooling(positions: shape.outputHeight * shape.outputWidth)
        head = Linear(
            &layout, "head", inputs: shape.outputs, outputs: classes, weight: .uniformFanIn(shape.outputs),
            bias: .uniformFanIn(shape.outputs))
        outputs = classes
        parameters = layout.parameters
        runningStatistics = layout.runningStatistics
    }

    /// Three stages of three blocks, shortcuts without parameters; of width 16 in the paper.
    public static func resnet20(
        image: ImageShape, classes: Int, width: Int
    ) throws(ModelError) -> ResidualNetwork {
        try ResidualNetwork(
            name: "resnet20", image: image, classes: classes, width: width, stages: [3, 3, 3], shortcut: .padding)
    }

    /// Stages of 3, 4, 6 and 3 blocks, shortcuts by projection; of width 64 in the paper.
    public static func resnet34(
        image: ImageShape, classes: Int, width: Int
    ) throws(ModelError) -> ResidualNetwork {
        try ResidualNetwork(
            name: "resnet34", image: image, classes: classes, width: width, stages: [3, 4, 6, 3],
            shortcut: .projection)
    }

    public func forward(
        _ input: NetworkInput<Backend.Tensor>, _ pass: inout ForwardPass<Backend>
    ) -> (logits: Backend.Tensor, record: Record) {
        let (images, batch) = input.expectingImages
        pass.batch = batch
        let convolved = stem.forward(images, &pass)
        let stemOutput = rectifier.forward(convolved.output, &pass).output
        var activation = stemOutput
        var records: [ResidualBlock<Backend>.Record] = []
        for block in blocks {
            let (output, record) = block.forward(activation, &pass)
            activation = output
            records.append(record)
        }
        let features = pooling.forward(activation, &pass).output
        let record = Record(stem: convolved.record, stemOutput: stemOutput, blocks: records, features: features)
        return (head.forward(features, &pass).output, record)
    }

    public func backward(_ logitsGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>) {
        var gradient = pooling.backward(head.backward(logitsGradient, record.features, &pass), (), &pass)
        for (block, record) in zip(blocks, record.blocks).reversed() {
            gradient = block.backward(gradient, record, &pass)
        }
        gradient = rectifier.backward(gradient, record.stemOutput, &pass)
        stem.contributeGradients(gradient, record.stem, &pass)
    }
}

enum ResidualNetwork20: ImageNetworkDefinition {
    static let name = "resnet20"
    static let options: [ModelOptions.Name] = [.width]
    static let defaults = ModelOptions(width: 16)
    static let training = TrainingDefaults.convolutional

    static func network<Backend: NeuralBackend>(
        _ options: ModelOptions, _ image: ImageShape, classes: Int, on backend: Backend.Type
    ) throws(ModelError) -> any Network<Backend> {
        try ResidualNetwork<Backend>.resnet20(image: image, classes: classes, width: options.value(\.width))
    }
}

enum ResidualNetwork34: ImageNetworkDefinition {
    static let name = "resnet34"
    static let options: [ModelOptions.Name] = [.width]
    static let defaults = ModelOptions(width: 64)
    static let training = TrainingDefaults.convolutional

    static func network<Backend: NeuralBackend>(
        _ options: ModelOptions, _ image: ImageShape, classes: Int, on backend: Backend.Type
    ) throws(ModelError) -> any Network<Backend> {
        try ResidualNetwork<Backend>.resnet34(image: image, classes: classes, width: options.value(\.width))
    }
}
