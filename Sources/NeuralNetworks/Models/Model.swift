import Compute

/// The models by name, each with the sizes it has where none are given.
public enum Model: String, Sendable, CaseIterable {
    case mlp, resnet20, resnet34
    case vitSmall = "vit-small"
    case gpt

    /// - Throws: `ModelError.unknown`.
    public init(named name: String) throws(ModelError) {
        guard let model = Model(rawValue: name) else {
            throw .unknown(model: name, known: Self.allCases.map(\.rawValue))
        }
        self = model
    }

    /// Whether its samples are tokens; else they are images.
    public var readsTokens: Bool { self == .gpt }

    /// The network of this name for the data.
    ///
    /// - Throws: `ModelError`, for sizes that contradict each other, options that do not apply, and data that the model
    ///   does not read.
    public func network<Backend: NeuralBackend>(
        _ options: ModelOptions = ModelOptions(), for data: DataDescription, on backend: Backend
    ) throws(ModelError) -> any Network<Backend> {
        try refuseInapplicable(options)
        switch (self, data) {
        case (.gpt, .tokens(let vocabulary, let context)):
            return try generativeTransformer(options, vocabulary: vocabulary, context: context, on: backend)
        case (.gpt, .images):
            throw .wrongData(model: rawValue, reads: "tokens", given: data.kind)
        case (.mlp, .tokens), (.resnet20, .tokens), (.resnet34, .tokens), (.vitSmall, .tokens):
            throw .wrongData(model: rawValue, reads: "images", given: data.kind)
        case (.mlp, .images(let channels, let height, let width, let classes)):
            return try MultilayerPerceptron<Backend>(
                image: ImageShape(channels: channels, height: height, width: width), classes: classes,
                hidden: options.hidden ?? 512, layers: options.layers ?? 2)
        case (.resnet20, .images(let channels, let height, let width, let classes)):
            return try ResidualNetwork<Backend>.resnet20(
                image: ImageShape(channels: channels, height: height, width: width), classes: classes,
                width: options.width ?? 16)
        case (.resnet34, .images(let channels, let height, let width, let classes)):
            return try ResidualNetwork<Backend>.resnet34(
                image: ImageShape(channels: channels, height: height, width: width), classes: classes,
                width: options.width ?? 64)
        case (.vitSmall, .images(let channels, let height, let width, let classes)):
            return try visionTransformer(
                options, ImageShape(channels: channels, height: height, width: width), classes: classes, on: backend)
        }
    }

    /// ViT-Small with patches of 4, for images of about 32 × 32.
    ///
    /// Source: Touvron et al., arXiv 2012.12877, table 1 (DeiT-S).
    private func visionTransformer<Backend: NeuralBackend>(
        _ options: ModelOptions, _ image: ImageShape, classes: Int, on backend: Backend
    ) throws(ModelError) -> VisionTransformer<Backend> {
        try VisionTransformer(
            image: image, classes: classes, patch: options.patch ?? 4, layers: options.layers ?? 12,
            width: options.width ?? 384, heads: options.heads ?? 6, hidden: options.hidden,
            dropout: options.dropout ?? 0, stochasticDepth: options.stochasticDepth ?? 0)
    }

    /// Sizes that a processor trains in minutes on the characters of a text: those of nanoGPT's recipe for one.
    private func generativeTransformer<Backend: NeuralBackend>(
        _ options: ModelOptions, vocabulary: Int, context: Int, on backend: Backend
    ) throws(ModelError) -> GenerativeTransformer<Backend> {
        let longest = options.context ?? context
        try SizeRequirements(model: rawValue).atMost(
            .init("length of samples", context), .init("context", longest))
        return try GenerativeTransformer(
            vocabulary: vocabulary, context: longest, layers: options.layers ?? 4, width: options.width ?? 128,
            heads: options.heads ?? 4, hidden: options.hidden, dropout: options.dropout ?? 0,
            tiesHead: options.tiesHead ?? false)
    }

    private var applicableOptions: [ModelOptions.Name] {
        switch self {
        case .mlp: [.layers, .hidden]
        case .resnet20, .resnet34: [.width]
        case .vitSmall: [.layers, .width, .heads, .hidden, .patch, .dropout, .stochasticDepth]
        case .gpt: [.layers, .width, .heads, .context, .hidden, .dropout, .tiesHead]
        }
    }

    private func refuseInapplicable(_ options: ModelOptions) throws(ModelError) {
        for option in options.given where !applicableOptions.contains(option) {
            throw .optionDoesNotApply(
                model: rawValue, option: option.rawValue, applicable: applicableOptions.map(\.rawValue))
        }
    }
}
