import Compute

/// Residual blocks in stages, each stage after the first at half the resolution and twice the channels.
///
/// For small images the form of He et al. for CIFAR: a stem of 3 × 3 and stride 1, and no pooling before the global one. For
/// large ones that for ImageNet: a stem of 7 × 7 and stride 2, then the largest of 3 × 3 at every second pixel.
///
/// Source: He et al., arXiv 1512.03385, table 1 and sections 3.3 and 4.2.
public struct ResidualNetwork<Backend: NeuralBackend>: Network {
    public let parameters: [ParameterDescription]
    public let runningStatistics: [ParameterDescription]
    public let outputs: Int

    public struct Record: Sendable {
        fileprivate let stem: ConvolutionalStem<Backend>.Record
        fileprivate let blocks: [ResidualBlock<Backend>.Record]
        fileprivate let features: Backend.Tensor
    }

    private let stem: ConvolutionalStem<Backend>
    private let blocks: [ResidualBlock<Backend>]
    private let pooling: GlobalAveragePooling<Backend>
    private let head: Linear<Backend>

    /// - Parameters:
    ///   - name: the model's name, for errors.
    ///   - width: the channels of the stem and the first stage.
    ///   - stages: the blocks of every stage.
    ///   - isLarge: whether it has the form for ImageNet.
    /// - Throws: `ModelError.outOfRange`.
    public init(
        name: String = "resnet", image: ImageShape, classes: Int, width: Int, stages: [Int],
        kind: ResidualBlockKind = .basic, shortcut: ResidualShortcut, isLarge: Bool = false
    ) throws(ModelError) {
        let requirements = SizeRequirements(model: name)
        try requirements.images(image, classes: classes)
        try requirements.range(.init("number of stages", stages.count), from: 1, through: 8)
        for count in stages { try requirements.range(.init("number of blocks", count), from: 1, through: 1 << 8) }
        try requirements.range(.init("width", width), from: 2, through: 1 << 12)

        var layout = NetworkLayout()
        stem = ConvolutionalStem(&layout, image, outputs: width, isLarge: isLarge)
        var (inputs, height, width, channels) = (width, stem.height, stem.width, width)
        var blocks: [ResidualBlock<Backend>] = []
        for (stage, count) in stages.enumerated() {
            for block in 0..<count {
                let shape = ConvolutionShape(
                    batch: 1, height: height, width: width, inputs: inputs, outputs: channels, kernel: 3,
                    stride: stage > 0 && block == 0 ? 2 : 1, padding: 1)
                blocks.append(ResidualBlock(&layout, "stages.\(stage).\(block)", shape, kind, shortcut))
                (inputs, height, width) = (kind.expansion * channels, shape.outputHeight, shape.outputWidth)
            }
            channels *= 2
        }
        self.blocks = blocks
        pooling = GlobalAveragePooling(positions: height * width)
        head = Linear(
            &layout, "head", inputs: inputs, outputs: classes, weight: .uniformFanIn(inputs), bias: .uniformFanIn(inputs))
        outputs = classes
        parameters = layout.parameters
        runningStatistics = layout.runningStatistics
    }

    /// Three stages of three blocks, shortcuts without parameters; of width 16 in the paper, which has it for CIFAR alone.
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
            shortcut: .projection, isLarge: image.isLarge)
    }

    /// The same of bottlenecks: 25,557,032 parameters for 1000 classes at 224 pixels, as torchvision's `resnet50`.
    public static func resnet50(
        image: ImageShape, classes: Int, width: Int
    ) throws(ModelError) -> ResidualNetwork {
        try ResidualNetwork(
            name: "resnet50", image: image, classes: classes, width: width, stages: [3, 4, 6, 3], kind: .bottleneck,
            shortcut: .projection, isLarge: image.isLarge)
    }

    public func forward(
        _ input: NetworkInput<Backend.Tensor>, _ pass: inout ForwardPass<Backend>
    ) -> (logits: Backend.Tensor, record: Record) {
        let (images, batch) = input.expectingImages
        pass.batch = batch
        let begun = stem.forward(images, &pass)
        let stages = blocks.forward(begun.output, &pass)
        let features = pooling.forward(stages.output, &pass).output
        let record = Record(stem: begun.record, blocks: stages.records, features: features)
        return (head.forward(features, &pass).output, record)
    }

    public func backward(_ logitsGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>) {
        let features = pooling.backward(head.backward(logitsGradient, record.features, &pass), (), &pass)
        stem.contributeGradients(blocks.backward(features, record.blocks, &pass), record.stem, &pass)
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

enum ResidualNetwork50: ImageNetworkDefinition {
    static let name = "resnet50"
    static let options: [ModelOptions.Name] = [.width]
    static let defaults = ModelOptions(width: 64)
    static let training = TrainingDefaults.convolutional

    static func network<Backend: NeuralBackend>(
        _ options: ModelOptions, _ image: ImageShape, classes: Int, on backend: Backend.Type
    ) throws(ModelError) -> any Network<Backend> {
        try ResidualNetwork<Backend>.resnet50(image: image, classes: classes, width: options.value(\.width))
    }
}
