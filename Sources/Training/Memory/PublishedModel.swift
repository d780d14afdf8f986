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
    public init<Model: Network>(of network: Model) {
        let vocabulary = Set(network.vocabularyParameters)
        let withBias = Set(network.parameters.compactMap(\.weight))
        self.init(
            parameters: network.parameters.enumerated().map { index, parameter in
                CountedParameter(
                    parameter.name, parameter.shape.dimensions, isVocabulary: vocabulary.contains(index),
                    hasBias: withBias.contains(index))
            },
            activations: (network as? GenerativeTransformer<Model.Backend>).map { ActivationModel(of: $0) })
    }

    public var parameterCount: Int { parameters.reduce(0) { $0 + $1.entryCount } }
}

/// The models of the published runs by name, at the sizes of those runs.
///
/// What is trained here, too, is counted by the network's own list of parameters; the others have a list of theirs, named
/// as in the common implementations in PyTorch.
public enum PublishedModel: String, Sendable, CaseIterable {
    case resnet34
    case resnet50
    case vgg19
    case vitSmall = "vit-small"
    case vitBase32 = "vit-base-32"
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
        case .resnet34 where imageSize < 224:
            return CountedModel(of: try ResidualNetwork<Backend>.resnet34(image: image, classes: classes, width: 64))
        case .resnet34:
            return residualNetwork(blocks: [3, 4, 6, 3], isBottleneck: false, classes: classes, imageSize: imageSize)
        case .resnet50:
            return residualNetwork(blocks: [3, 4, 6, 3], isBottleneck: true, classes: classes, imageSize: imageSize)
        case .vgg19: return vgg(classes: classes, imageSize: imageSize)
        case .vitSmall:
            let patch = imageSize < 224 ? imageSize / 8 : 16
            return CountedModel(
                of: try visionTransformer(image, classes: classes, patch: patch, width: 384, heads: 6, on: backend))
        case .vitBase32:
            return CountedModel(
                of: try visionTransformer(image, classes: classes, patch: 32, width: 768, heads: 12, on: backend))
        case .swinTiny:
            return swinTransformer(
                width: 96, depths: [2, 2, 6, 2], heads: [3, 6, 12, 24], classes: classes, imageSize: imageSize)
        case .gpt2:
            return CountedModel(
                of: try GenerativeTransformer<Backend>(
                    vocabulary: 50257, context: 1024, layers: 12, width: 768, heads: 12, hidden: nil, dropout: 0,
                    tiesHead: true))
        case .llama130: return llama(width: 768, hidden: 2048, depth: 12, vocabulary: 32000)
        case .llama350: return llama(width: 1024, hidden: 2736, depth: 24, vocabulary: 32000)
        case .llama2: return llama(width: 4096, hidden: 11008, depth: 32, vocabulary: 32000)
        }
    }

    private func visionTransformer<Backend: NeuralBackend>(
        _ image: ImageShape, classes: Int, patch: Int, width: Int, heads: Int, on backend: Backend
    ) throws(ModelError) -> VisionTransformer<Backend> {
        try VisionTransformer(
            name: rawValue, image: image, classes: classes, patch: patch, layers: 12, width: width, heads: heads,
            hidden: nil, dropout: 0, stochasticDepth: 0)
    }
}
