import Compute
import NeuralNetworks

/// A parameter as far as its bytes go.
public struct CountedParameter: Sendable, Equatable {
    public let name: String
    public let shape: ParameterShape
    /// Whether it is a table of tokens or the map to their logits, which the published runs leave without
    /// preconditioners.
    public let isVocabulary: Bool
    /// Whether it is the weight of a map with a bias.
    public let hasBias: Bool

    public init(_ name: String, _ dimensions: [Int], isVocabulary: Bool = false, hasBias: Bool = false) {
        self.name = name
        self.hasBias = hasBias
        shape = ParameterShape(dimensions)
        self.isVocabulary = isVocabulary
    }

    public var entryCount: Int { shape.rows * shape.columns }
}

/// The parameters of a model at a size.
public struct CountedModel: Sendable {
    public let parameters: [CountedParameter]
    /// The dimensions that activations follow from, nil where they are not modelled.
    public let activations: ActivationModel?

    public init(parameters: [CountedParameter], activations: ActivationModel? = nil) {
        self.parameters = parameters
        self.activations = activations
    }

    /// The parameters of a network as it lists them itself.
    ///
    /// - Parameter activations: nil where they are not modelled, or are gpt's.
    public init<Model: Network>(of network: Model, activations: ActivationModel? = nil) {
        let vocabulary = Set(network.vocabularyParameters)
        let withBias = Set(network.parameters.compactMap(\.weight))
        self.init(
            parameters: network.parameters.enumerated().map { index, parameter in
                CountedParameter(
                    parameter.name, parameter.shape.dimensions, isVocabulary: vocabulary.contains(index),
                    hasBias: withBias.contains(index))
            },
            activations: activations ?? (network as? GenerativeTransformer<Model.Backend>).map { ActivationModel(of: $0) })
    }

    public var parameterCount: Int { parameters.reduce(0) { $0 + $1.entryCount } }
}

/// The models of the published runs by name, at the sizes of those runs, counted by the networks' own lists of parameters.
public enum PublishedModel: String, Sendable, CaseIterable {
    case resnet34
    case resnet50
    case vgg19
    case vitSmall = "vit-small"
    case vitBase32 = "vit-base32"
    case swinTiny = "swin-tiny"
    case gpt2 = "gpt2-124m"
    case llama130 = "llama-130m"
    case llama350 = "llama-350m"
    case llama2 = "llama-2-7b"

    /// Whether the activations of a training are modelled.
    public var modelsActivations: Bool { [.gpt2, .llama130, .llama350, .llama2].contains(self) }

    /// The parameters for images of a size in so many classes; language models heed neither.
    ///
    /// - Throws: `ModelError` where there is no such network.
    public func parameters<Backend: NeuralBackend>(
        classes: Int, imageSize: Int, on backend: Backend
    ) throws(ModelError) -> CountedModel {
        let image = ImageShape(channels: 3, height: imageSize, width: imageSize)
        switch self {
        case .resnet34:
            return CountedModel(of: try ResidualNetwork<Backend>.resnet34(image: image, classes: classes, width: 64))
        case .resnet50:
            return CountedModel(of: try ResidualNetwork<Backend>.resnet50(image: image, classes: classes, width: 64))
        case .vgg19:
            return CountedModel(of: try PlainConvolutionalNetwork<Backend>.vgg19(image: image, classes: classes, width: 64))
        case .vitSmall:
            let patch = imageSize < 224 ? imageSize / 8 : 16
            return CountedModel(
                of: try visionTransformer(image, classes: classes, patch: patch, width: 384, heads: 6, on: backend))
        case .vitBase32:
            return CountedModel(
                of: try visionTransformer(image, classes: classes, patch: 32, width: 768, heads: 12, on: backend))
        case .swinTiny:
            return CountedModel(of: try ShiftedWindowTransformer<Backend>.tiny(image: image, classes: classes))
        case .gpt2:
            return CountedModel(
                of: try GenerativeTransformer<Backend>(
                    vocabulary: 50257, context: 1024, layers: 12, width: 768, heads: 12, hidden: nil, dropout: 0,
                    tiesHead: true))
        // Sizes of 130 and 350 million: Lialin et al., arXiv 2307.05695 (ReLoRA); of 7 billion: Touvron et al., arXiv 2307.09288.
        case .llama130: return try llama(layers: 12, width: 768, heads: 12, hidden: 2048, on: backend)
        case .llama350: return try llama(layers: 24, width: 1024, heads: 16, hidden: 2736, on: backend)
        case .llama2: return try llama(layers: 32, width: 4096, heads: 32, hidden: 11008, on: backend)
        }
    }

    private func llama<Backend: NeuralBackend>(
        layers: Int, width: Int, heads: Int, hidden: Int, on backend: Backend
    ) throws(ModelError) -> CountedModel {
        let vocabulary = 32000
        return CountedModel(
            of: try RotaryTransformer<Backend>(
                name: rawValue, vocabulary: vocabulary, context: 256, layers: layers, width: width, heads: heads,
                hidden: hidden),
            activations: ActivationModel(recomputedLLaMA: width, hidden: hidden, depth: layers, vocabulary: vocabulary))
    }

    private func visionTransformer<Backend: NeuralBackend>(
        _ image: ImageShape, classes: Int, patch: Int, width: Int, heads: Int, on backend: Backend
    ) throws(ModelError) -> VisionTransformer<Backend> {
        try VisionTransformer(
            name: rawValue, image: image, classes: classes, patch: patch, layers: 12, width: width, heads: heads,
            hidden: nil, dropout: 0, stochasticDepth: 0)
    }
}
