import Compute

/// A parameter of a published architecture.
public struct LayerShape: Sendable, Equatable {
    /// As in the common implementations in PyTorch.
    public let name: String
    public let shape: ParameterShape
    /// Whether it is a table of tokens or the map to their logits, which the published runs leave without
    /// preconditioners.
    public let isVocabulary: Bool

    public init(_ name: String, _ dimensions: [Int], isVocabulary: Bool = false) {
        self.name = name
        shape = ParameterShape(dimensions)
        self.isVocabulary = isVocabulary
    }

    public var entryCount: Int { shape.rows * shape.columns }
}

/// The parameters of an architecture at a size.
public struct ModelShapes: Sendable {
    public let layers: [LayerShape]
    /// The dimensions that activations follow from, nil where they are not modelled.
    public let activations: ActivationModel?

    public init(layers: [LayerShape], activations: ActivationModel? = nil) {
        self.layers = layers
        self.activations = activations
    }

    public var parameterCount: Int { layers.reduce(0) { $0 + $1.entryCount } }
}

/// The architectures by name.
public enum ModelName: String, Sendable, CaseIterable {
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

    /// Whether images are the input; the others read tokens.
    public var readsImages: Bool {
        switch self {
        case .resnet34, .resnet50, .vgg19, .vitSmall, .vitBase32, .swinTiny: true
        case .gpt2, .llama130, .llama350, .llama2: false
        }
    }

    /// That of the published runs: CIFAR-100 for the smaller, ImageNet for `resnet50` and `vit-base-32`.
    public var publishedClasses: Int {
        switch self {
        case .resnet50, .vitBase32: 1000
        case .resnet34, .vgg19, .vitSmall, .swinTiny, .gpt2, .llama130, .llama350, .llama2: 100
        }
    }

    /// Pixels a side, in the published runs.
    public var publishedImageSize: Int {
        switch self {
        case .resnet50, .vitBase32: 224
        case .resnet34, .vgg19, .vitSmall, .swinTiny, .gpt2, .llama130, .llama350, .llama2: 32
        }
    }

    /// The parameters for images of a size in so many classes; language models heed neither.
    public func shapes(classes: Int, imageSize: Int) -> ModelShapes {
        switch self {
        case .resnet34: residualNetwork(blocks: [3, 4, 6, 3], isBottleneck: false, classes: classes, imageSize: imageSize)
        case .resnet50: residualNetwork(blocks: [3, 4, 6, 3], isBottleneck: true, classes: classes, imageSize: imageSize)
        case .vgg19: vgg(classes: classes, imageSize: imageSize)
        case .vitSmall:
            visionTransformer(
                width: 384, depth: 12, patch: imageSize < 224 ? imageSize / 8 : 16, classes: classes,
                imageSize: imageSize)
        case .vitBase32:
            visionTransformer(width: 768, depth: 12, patch: 32, classes: classes, imageSize: imageSize)
        case .swinTiny:
            swinTransformer(
                width: 96, depths: [2, 2, 6, 2], heads: [3, 6, 12, 24], classes: classes, imageSize: imageSize)
        case .gpt2: gpt(width: 768, depth: 12, context: 1024, vocabulary: 50257)
        case .llama130: llama(width: 768, hidden: 2048, depth: 12, vocabulary: 32000)
        case .llama350: llama(width: 1024, hidden: 2736, depth: 24, vocabulary: 32000)
        case .llama2: llama(width: 4096, hidden: 11008, depth: 32, vocabulary: 32000)
        }
    }
}
