import Compute

/// A transformer that predicts every next token from those before it: GPT-2's architecture.
///
/// GELU in its tanh form and an offset of 1e-5 in normalizations, as in GPT-2. Initialization is GPT-2's, too: normal of deviation 0.02, the maps onto the stream scaled by 1/√(2·layers), zero biases.
///
/// Source: Radford et al., "Language models are unsupervised multitask learners", 2019, section 2.3.
public struct GenerativeTransformer<Backend: NeuralBackend>: Network {
    public let parameters: [ParameterDescription]
    public let runningStatistics: [ParameterDescription]
    public let outputs: Int

    public struct Record: Sendable {
        fileprivate let tokens: [Int]
        fileprivate let places: [Int]
        fileprivate let dropout: Dropout<Backend>.Mask?
        fileprivate let blocks: [TransformerBlock<Backend>.Record]
        fileprivate let normalization: LayerNormalization<Backend>.Record
        fileprivate let features: Backend.Tensor
    }

    private let context: Int
    private let shape: TransformerShape
    private let layers: Int
    private let tokenEmbedding: Embedding<Backend>
    private let placeEmbedding: Embedding<Backend>
    private let dropout: Dropout<Backend>
    private let blocks: [TransformerBlock<Backend>]
    private let normalization: LayerNormalization<Backend>
    private let head: Linear<Backend>

    /// - Parameters:
    ///   - context: the longest sequence.
    ///   - hidden: the width inside the feed-forward parts; 4·width where nil.
    ///   - dropout: after the embedding, in the probabilities of attention and at the end of every branch.
    ///   - tiesHead: whether the logits' map is the token embedding.
    /// - Throws: `ModelError.outOfRange`, `.rateOutOfRange`, `.notDivisible`.
    public init(
        vocabulary: Int, context: Int, layers: Int, width: Int, heads: Int, hidden: Int?, dropout: Double,
        tiesHead: Bool
    ) throws(ModelError) {
        let requirements = SizeRequirements(model: "gpt")
        try requirements.range(.init("vocabulary", vocabulary), from: 2)
        // A table of one position would stand as a column.
        try requirements.range(.init("context", context), from: 2)
        try requirements.range(.init("width", width), from: 2)
        let hidden = hidden ?? 4 * width
        try requirements.transformer(width: width, heads: heads, hidden: hidden, layers: layers)
        try requirements.rate("dropout", dropout)

        var layout = NetworkLayout()
        let deviation = 0.02
        let normalizationOffset = 1e-5
        let initialization = ParameterDescription.Initialization.normal(deviation: deviation)
        tokenEmbedding = Embedding(&layout, "tokens", count: vocabulary, width: width, initialization)
        placeEmbedding = Embedding(&layout, "positions", count: context, width: width, initialization)
        self.dropout = Dropout(rows: width, rate: dropout)
        shape = TransformerShape(
            width: width, heads: heads, hidden: hidden, isCausal: true, dropout: dropout, attentionDropout: dropout,
            activation: .tanh, normalizationOffset: normalizationOffset, initialization: initialization,
            residualInitialization: .normal(deviation: deviation / Double(2 * layers).squareRoot()))
        blocks = transformerBlocks(&layout, shape, layers: layers, stochasticDepth: 0)
        normalization = LayerNormalization(&layout, "normalization", width: width, offset: normalizationOffset)
        head =
            tiesHead
            ? Linear(sharing: tokenEmbedding.table)
            : Linear(&layout, "head", inputs: width, outputs: vocabulary, weight: initialization, bias: nil)
        self.context = context
        self.layers = layers
        outputs = vocabulary
        parameters = layout.parameters
        runningStatistics = layout.runningStatistics
    }

    /// The entries a token that the record of a forward pass keeps, where attention keeps one number a query and head.
    ///
    /// Of a block: the stream before either branch and normalized, 4·width, with two statistics each; queries, keys and values,
    /// 3·width; the heads' output, width, and their numbers; the hidden layer. At the end: the stream and normalized.
    public var recordedEntriesPerToken: Int {
        layers * (8 * shape.width + shape.hidden + shape.heads + 4) + 2 * shape.width + 2
    }

    /// The entries a token that the gradient of a block needs at a time beside its record: the activated hidden layer, its
    /// gradient, and that of the hidden layer; of the stream the gradient before the branch and behind it.
    public var blockGradientEntriesPerToken: Int { 3 * shape.hidden + 2 * shape.width }

    public var vocabularyParameters: [Int] { Set([tokenEmbedding.table, head.weight]).sorted() }

    /// - Precondition: samples of equal length, at most the context; tokens below the vocabulary.
    public func forward(
        _ input: NetworkInput<Backend.Tensor>, _ pass: inout ForwardPass<Backend>
    ) -> (logits: Backend.Tensor, record: Record) {
        let (tokens, batch) = input.expectingTokens
        precondition(
            batch >= 1 && tokens.count % batch == 0 && tokens.count / batch <= context,
            "\(tokens.count) tokens in \(batch) samples for a context of \(context)")
        pass.batch = batch
        pass.length = tokens.count / batch
        let places = (0..<tokens.count).map { [length = pass.length] in $0 % length }
        var embedded = tokenEmbedding.forward(tokens, &pass)
        pass.backend.combine(1, into: &embedded, 1, placeEmbedding.forward(places, &pass))
        let dropped = dropout.forward(embedded, &pass)
        let stream = blocks.forward(dropped.output, &pass)
        let normalized = normalization.forward(stream.output, &pass)
        let record = Record(
            tokens: tokens, places: places, dropout: dropped.record, blocks: stream.records,
            normalization: normalized.record, features: normalized.output)
        return (head.forward(normalized.output, &pass).output, record)
    }

    public func backward(_ logitsGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>) {
        let normalized = head.backward(logitsGradient, record.features, &pass)
        let stream = normalization.backward(normalized, record.normalization, &pass)
        let embedded = dropout.backward(blocks.backward(stream, record.blocks, &pass), record.dropout, &pass)
        placeEmbedding.backward(embedded, record.places, &pass)
        tokenEmbedding.backward(embedded, record.tokens, &pass)
    }
}

/// Sizes that a processor trains in minutes on the characters of a text: those of nanoGPT's recipe for one.
enum GenerativeTransformerDefinition: TokenNetworkDefinition {
    static let name = "gpt"
    static let options: [ModelOptions.Name] = [.layers, .width, .heads, .context, .hidden, .dropout, .tiesHead]
    static let defaults = ModelOptions(layers: 4, width: 128, heads: 4, dropout: 0, tiesHead: false)
    static let training = TrainingDefaults.languageModel

    static func network<Backend: NeuralBackend>(
        _ options: ModelOptions, vocabulary: Int, context: Int, on backend: Backend.Type
    ) throws(ModelError) -> any Network<Backend> {
        let longest = options.context ?? context
        try SizeRequirements(model: name).atMost(.init("length of samples", context), .init("context", longest))
        return try GenerativeTransformer<Backend>(
            vocabulary: vocabulary, context: longest, layers: options.value(\.layers), width: options.value(\.width),
            heads: options.value(\.heads), hidden: options.hidden, dropout: options.value(\.dropout),
            tiesHead: options.value(\.tiesHead))
    }
}
