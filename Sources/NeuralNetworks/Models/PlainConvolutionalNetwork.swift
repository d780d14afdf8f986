import Compute

/// Stages of normalized convolutions of 3 × 3 with rectifiers, the largest of 2 × 2 pixels behind each stage: VGG with batch
/// normalization.
///
/// Below 224 pixels it has the form that is common for CIFAR: one linear map behind the convolutions, of the means over the
/// pixels that are left (one of 32 × 32). From 224 pixels on the three of the original, with dropout of 1/2. Convolutions have
/// biases, which the normalizations take out again, as in torchvision, whose initialization it also has.
///
/// Source: Simonyan and Zisserman, arXiv 1409.1556, table 1; torchvision, `vgg.py`.
public struct PlainConvolutionalNetwork<Backend: NeuralBackend>: Network {
    public let parameters: [ParameterDescription]
    public let runningStatistics: [ParameterDescription]
    public let outputs: Int

    public struct Record: Sendable {
        fileprivate let stages: [Stage.Record]
        fileprivate let batch: Int
        fileprivate var maps: [HiddenMap.Record] = []
        fileprivate let features: Backend.Tensor
    }

    private let stages: [Stage]
    /// The pixels that are left of an image.
    private let positions: Int
    private let channels: Int
    /// Empty in the form for small images.
    private let maps: [HiddenMap]
    private let head: Linear<Backend>

    /// - Parameters:
    ///   - width: the channels of the first stage; the next three have twice as many as that before, the last as many.
    ///   - hidden: of the form for ImageNet the width of the linear maps before the last, nil for the other form.
    /// - Throws: `ModelError.outOfRange`.
    public init(
        name: String = "vgg", image: ImageShape, classes: Int, width: Int, stages counts: [Int], hidden: Int? = nil
    ) throws(ModelError) {
        let requirements = SizeRequirements(model: name)
        try requirements.images(image, classes: classes)
        try requirements.range(.init("number of stages", counts.count), from: 1, through: 8)
        try requirements.range(.init("width", width), from: 2, through: 1 << 12)
        // Every stage halves the image.
        try requirements.range(.init("image height", image.height), from: 1 << counts.count)
        try requirements.range(.init("image width", image.width), from: 1 << counts.count)

        var layout = NetworkLayout()
        var (inputs, height, columns) = (image.channels, image.height, image.width)
        var stages: [Stage] = []
        for (stage, count) in counts.enumerated() {
            let shape = ConvolutionShape(
                batch: 1, height: height, width: columns, inputs: inputs, outputs: width << min(stage, 3), kernel: 3, padding: 1
            )
            stages.append(Stage(&layout, "stages.\(stage)", shape, count: count))
            (inputs, height, columns) = (shape.outputs, height / 2, columns / 2)
        }
        self.stages = stages
        (channels, positions) = (inputs, height * columns)
        var maps: [HiddenMap] = []
        if let hidden {
            for (index, fanIn) in [channels * positions, hidden].enumerated() {
                maps.append(HiddenMap(&layout, "maps.\(index)", inputs: fanIn, outputs: hidden))
            }
        }
        self.maps = maps
        head = Linear(
            &layout, "head", inputs: hidden ?? channels, outputs: classes, weight: .normal(deviation: 0.01),
            bias: .constant(0))
        outputs = classes
        parameters = layout.parameters
        runningStatistics = layout.runningStatistics
    }

    /// Stages of 2, 2, 4, 4 and 4 convolutions, of width 64 in the paper. 20,086,692 parameters for 32 × 32 pixels in 100
    /// classes, and for ImageNet 143,678,248, as torchvision's `vgg19_bn`.
    public static func vgg19(
        image: ImageShape, classes: Int, width: Int
    ) throws(ModelError) -> PlainConvolutionalNetwork {
        let isLarge = max(image.height, image.width) >= 224
        if isLarge {
            // Its first map is for the 7 × 7 pixels that the stages leave of 224.
            let requirements = SizeRequirements(model: "vgg19")
            try requirements.range(.init("image height", image.height), from: 224, through: 255)
            try requirements.range(.init("image width", image.width), from: 224, through: 255)
        }
        return try PlainConvolutionalNetwork(
            name: "vgg19", image: image, classes: classes, width: width, stages: [2, 2, 4, 4, 4],
            hidden: isLarge ? 4096 : nil)
    }

    public func forward(
        _ input: NetworkInput<Backend.Tensor>, _ pass: inout ForwardPass<Backend>
    ) -> (logits: Backend.Tensor, record: Record) {
        let (images, batch) = input.expectingImages
        (pass.batch, pass.length) = (batch, 1)
        let convolved = stages.forward(images, &pass)
        if maps.isEmpty {
            let features = pass.backend.groupMeans(convolved.output, size: positions)
            return (head.forward(features, &pass).output, Record(stages: convolved.records, batch: batch, features: features))
        }
        let pixels = pass.backend.reshaped(convolved.output, rows: channels * positions, columns: batch)
        let (features, records) = maps.forward(pixels, &pass)
        let record = Record(stages: convolved.records, batch: batch, maps: records, features: features)
        return (head.forward(features, &pass).output, record)
    }

    public func backward(_ logitsGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>) {
        var gradient = head.backward(logitsGradient, record.features, &pass)
        if maps.isEmpty {
            gradient = pass.backend.spreadGroups(gradient, size: positions)
        } else {
            gradient = maps.backward(gradient, record.maps, &pass)
            gradient = pass.backend.reshaped(gradient, rows: channels, columns: record.batch * positions)
        }
        for index in stages.indices.dropFirst().reversed() {
            gradient = stages[index].backward(gradient, record.stages[index], &pass)
        }
        stages[0].contributeGradients(gradient, record.stages[0], &pass)
    }
}

extension PlainConvolutionalNetwork {
    /// Convolutions of 3 × 3 with rectifiers, then the largest of 2 × 2.
    fileprivate struct Stage: Layer {
        struct Record: Sendable {
            var convolutions: [NormalizedConvolution<Backend>.Record] = []
            var rectified: [Backend.Tensor] = []
            var pooling: Convolution<Backend>.Record?
        }

        private var convolutions: [NormalizedConvolution<Backend>] = []
        private let rectifier = RectifiedLinear<Backend>()
        private let pooling: MaxPooling<Backend>

        init(_ layout: inout NetworkLayout, _ name: String, _ shape: ConvolutionShape, count: Int) {
            for index in 0..<count {
                let own = ConvolutionShape(
                    batch: 1, height: shape.height, width: shape.width, inputs: index == 0 ? shape.inputs : shape.outputs,
                    outputs: shape.outputs, kernel: 3, padding: 1)
                convolutions.append(NormalizedConvolution(&layout, "\(name).\(index)", own, bias: .constant(0)))
            }
            pooling = MaxPooling(
                ConvolutionShape(
                    batch: 1, height: shape.height, width: shape.width, inputs: shape.outputs, outputs: shape.outputs,
                    kernel: 2, stride: 2))
        }

        func forward(
            _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
        ) -> (output: Backend.Tensor, record: Record) {
            var (activation, record) = (input, Record())
            for convolution in convolutions {
                let convolved = convolution.forward(activation, &pass)
                activation = rectifier.forward(convolved.output, &pass).output
                record.convolutions.append(convolved.record)
                record.rectified.append(activation)
            }
            let pooled = pooling.forward(activation, &pass)
            record.pooling = pooled.record
            return (pooled.output, record)
        }

        func backward(
            _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
        ) -> Backend.Tensor {
            convolutions[0].backward(firstGradient(outputGradient, record, &pass), record.convolutions[0], &pass)
        }

        func contributeGradients(
            _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
        ) {
            convolutions[0].contributeGradients(firstGradient(outputGradient, record, &pass), record.convolutions[0], &pass)
        }

        /// The gradient of the first convolution's output.
        private func firstGradient(
            _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
        ) -> Backend.Tensor {
            guard let pooled = record.pooling else { preconditionFailure("the record of another stage") }
            var gradient = pooling.backward(outputGradient, pooled, &pass)
            for index in convolutions.indices.reversed() {
                gradient = rectifier.backward(gradient, record.rectified[index], &pass)
                if index > 0 { gradient = convolutions[index].backward(gradient, record.convolutions[index], &pass) }
            }
            return gradient
        }
    }

    /// A linear map, a rectifier and dropout of 1/2.
    fileprivate struct HiddenMap: Layer {
        struct Record: Sendable {
            let input: Backend.Tensor
            let rectified: Backend.Tensor
            let dropout: Dropout<Backend>.Mask?
        }

        private let map: Linear<Backend>
        private let rectifier = RectifiedLinear<Backend>()
        private let dropout: Dropout<Backend>

        init(_ layout: inout NetworkLayout, _ name: String, inputs: Int, outputs: Int) {
            map = Linear(
                &layout, name, inputs: inputs, outputs: outputs, weight: .normal(deviation: 0.01), bias: .constant(0))
            dropout = Dropout(rows: outputs, rate: 0.5)
        }

        func forward(
            _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
        ) -> (output: Backend.Tensor, record: Record) {
            let rectified = rectifier.forward(map.forward(input, &pass).output, &pass).output
            let dropped = dropout.forward(rectified, &pass)
            return (dropped.output, Record(input: input, rectified: rectified, dropout: dropped.record))
        }

        func backward(
            _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
        ) -> Backend.Tensor {
            let rectified = dropout.backward(outputGradient, record.dropout, &pass)
            return map.backward(rectifier.backward(rectified, record.rectified, &pass), record.input, &pass)
        }
    }
}

enum PlainConvolutionalNetwork19: ImageNetworkDefinition {
    static let name = "vgg19"
    static let options: [ModelOptions.Name] = [.width]
    static let defaults = ModelOptions(width: 64)
    static let training = TrainingDefaults.convolutional

    static func network<Backend: NeuralBackend>(
        _ options: ModelOptions, _ image: ImageShape, classes: Int, on backend: Backend.Type
    ) throws(ModelError) -> any Network<Backend> {
        try PlainConvolutionalNetwork<Backend>.vgg19(image: image, classes: classes, width: options.value(\.width))
    }
}
