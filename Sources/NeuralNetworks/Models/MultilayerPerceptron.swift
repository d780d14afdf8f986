import Compute

/// Linear maps with rectifiers between them, on images taken as vectors.
///
/// The vector's order is that of the image in memory: row, column, channel, the channel running fastest.
public struct MultilayerPerceptron<Backend: NeuralBackend>: Network {
    public let parameters: [ParameterDescription]
    public let runningStatistics: [ParameterDescription]
    public let outputs: Int

    /// The input of every linear map; beyond the first, it is the output of the rectifier before it.
    public struct Record: Sendable {
        fileprivate var inputs: [Backend.Tensor]
    }

    private let inputs: Int
    private let maps: [Linear<Backend>]
    private let rectifier = RectifiedLinear<Backend>()

    /// - Parameters:
    ///   - hidden: the width of the hidden layers.
    ///   - layers: how many hidden layers there are.
    /// - Throws: `ModelError.outOfRange`.
    public init(image: ImageShape, classes: Int, hidden: Int, layers: Int) throws(ModelError) {
        let requirements = SizeRequirements(model: "mlp")
        try requirements.images(image, classes: classes)
        try requirements.range(.init("hidden width", hidden), from: 2)
        try requirements.layers(layers)

        inputs = image.channels * image.positions
        outputs = classes
        var layout = NetworkLayout()
        var maps: [Linear<Backend>] = []
        for layer in 0..<layers {
            let fanIn = layer == 0 ? inputs : hidden
            maps.append(
                Linear(
                    &layout, "layers.\(layer)", inputs: fanIn, outputs: hidden, weight: .rectifiedFanIn(fanIn),
                    bias: .constant(0)))
        }
        maps.append(
            Linear(
                &layout, "head", inputs: hidden, outputs: classes, weight: .uniformFanIn(hidden),
                bias: .uniformFanIn(hidden)))
        self.maps = maps
        parameters = layout.parameters
        runningStatistics = layout.runningStatistics
    }

    public func forward(
        _ input: NetworkInput<Backend.Tensor>, _ pass: inout ForwardPass<Backend>
    ) -> (logits: Backend.Tensor, record: Record) {
        let (images, batch) = input.expectingImages
        pass.batch = batch
        var activation = pass.backend.reshaped(images, rows: inputs, columns: batch)
        var record = Record(inputs: [activation])
        for map in maps.dropLast() {
            activation = rectifier.forward(map.forward(activation, &pass).output, &pass).output
            record.inputs.append(activation)
        }
        return (maps[maps.count - 1].forward(activation, &pass).output, record)
    }

    public func backward(_ logitsGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>) {
        var gradient = logitsGradient
        for layer in (1..<maps.count).reversed() {
            let activation = record.inputs[layer]
            gradient = rectifier.backward(maps[layer].backward(gradient, activation, &pass), activation, &pass)
        }
        maps[0].contributeGradients(gradient, record.inputs[0], &pass)
    }
}

enum MultilayerPerceptronDefinition: ImageNetworkDefinition {
    static let name = "mlp"
    static let options: [ModelOptions.Name] = [.layers, .hidden]
    static let defaults = ModelOptions(layers: 2, hidden: 512)
    static let training = TrainingDefaults.perceptron

    static func network<Backend: NeuralBackend>(
        _ options: ModelOptions, _ image: ImageShape, classes: Int, on backend: Backend.Type
    ) throws(ModelError) -> any Network<Backend> {
        try MultilayerPerceptron<Backend>(
            image: image, classes: classes, hidden: options.value(\.hidden), layers: options.value(\.layers))
    }
}

extension NetworkInput {
    var expectingImages: (Tensor, batch: Int) {
        guard case .images(let tensor, let batch) = self else { preconditionFailure("tokens for a network on images") }
        return (tensor, batch)
    }

    var expectingTokens: ([Int], batch: Int) {
        guard case .tokens(let tokens, let batch) = self else { preconditionFailure("images for a network on tokens") }
        return (tokens, batch)
    }
}
