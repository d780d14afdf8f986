import Compute

/// A transformer that predicts every next token from those before it, without biases and learned places: LLaMA's architecture.
///
/// Normalization by the root mean square with an offset of 1e-6, places by turned queries and keys of base 10,000, SwiGLU, a head
/// of its own. Initialization is that of the published trainings, normal of deviation 0.02 throughout.
///
/// Source: Touvron et al., arXiv 2302.13971, section 2.2; Zhao et al., arXiv 2403.03507 (GaLore), whose configurations of 130
/// and 350 million parameters have this offset and initialization.
public struct RotaryTransformer<Backend: NeuralBackend>: Network {
    public let parameters: [ParameterDescription]
    public let runningStatistics: [ParameterDescription] = []
    public let outputs: Int

    public struct Record: Sendable {
        fileprivate let tokens: [Int]
        fileprivate let blocks: [Block.Record]
        fileprivate let normalization: RootMeanSquareNormalization<Backend>.Record
        fileprivate let features: Backend.Tensor
    }

    private let context: Int
    private let embedding: Embedding<Backend>
    private let blocks: [Block]
    private let normalization: RootMeanSquareNormalization<Backend>
    private let head: Linear<Backend>

    /// - Parameters:
    ///   - context: the longest sequence; no parameter depends on it.
    ///   - hidden: the width inside the feed-forward parts.
    /// - Throws: `ModelError.outOfRange`, `.notDivisible`.
    public init(
        name: String = "llama", vocabulary: Int, context: Int, layers: Int, width: Int, heads: Int, hidden: Int
    ) throws(ModelError) {
        let requirements = SizeRequirements(model: name)
        try requirements.range(.init("vocabulary", vocabulary), from: 2)
        try requirements.range(.init("context", context), from: 1)
        try requirements.transformer(width: width, heads: heads, hidden: hidden, layers: layers)
        try requirements.divisible(.init("width of a head", width / heads), by: .init("pair of features", 2))

        var layout = NetworkLayout()
        let (offset, initialization) = (1e-6, ParameterDescription.Initialization.normal(deviation: 0.02))
        embedding = Embedding(&layout, "tokens", count: vocabulary, width: width, initialization)
        var blocks: [Block] = []
        for layer in 0..<layers {
            blocks.append(
                Block(
                    &layout, "blocks.\(layer)", width: width, heads: heads, hidden: hidden, offset: offset, initialization))
        }
        self.blocks = blocks
        normalization = RootMeanSquareNormalization(&layout, "normalization", width: width, offset: offset)
        head = Linear(&layout, "head", inputs: width, outputs: vocabulary, weight: initialization, bias: nil)
        self.context = context
        outputs = vocabulary
        parameters = layout.parameters
    }

    public var vocabularyParameters: [Int] { [embedding.table, head.weight] }

    /// - Precondition: samples of equal length, at most the context; tokens below the vocabulary.
    public func forward(
        _ input: NetworkInput<Backend.Tensor>, _ pass: inout ForwardPass<Backend>
    ) -> (logits: Backend.Tensor, record: Record) {
        let (tokens, batch) = input.expectingTokens
        precondition(
            batch >= 1 && tokens.count % batch == 0 && tokens.count / batch <= context,
            "\(tokens.count) tokens in \(batch) samples for a context of \(context)")
        (pass.batch, pass.length) = (batch, tokens.count / batch)
        let stream = blocks.forward(embedding.forward(tokens, &pass), &pass)
        let normalized = normalization.forward(stream.output, &pass)
        let record = Record(
            tokens: tokens, blocks: stream.records, normalization: normalized.record, features: normalized.output)
        return (head.forward(normalized.output, &pass).output, record)
    }

    public func backward(_ logitsGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>) {
        let normalized = head.backward(logitsGradient, record.features, &pass)
        let stream = normalization.backward(normalized, record.normalization, &pass)
        embedding.backward(blocks.backward(stream, record.blocks, &pass), record.tokens, &pass)
    }
}

extension RotaryTransformer {
    /// x + attention(norm(x)), then x + feedForward(norm(x)).
    fileprivate struct Block: Layer {
        typealias Branch<Inner: Layer<Backend>> = ResidualBranch<Backend, RootMeanSquareNormalization<Backend>, Inner>

        struct Record: Sendable {
            let attention: Branch<RotaryAttention<Backend>>.Record
            let feedForward: Branch<GatedFeedForward<Backend>>.Record
        }

        private let attention: Branch<RotaryAttention<Backend>>
        private let feedForward: Branch<GatedFeedForward<Backend>>

        init(
            _ layout: inout NetworkLayout, _ name: String, width: Int, heads: Int, hidden: Int, offset: Double,
            _ initialization: ParameterDescription.Initialization
        ) {
            func normalization(_ layout: inout NetworkLayout, _ name: String) -> RootMeanSquareNormalization<Backend> {
                RootMeanSquareNormalization(&layout, name, width: width, offset: offset)
            }
            attention = ResidualBranch(&layout, "\(name).attention", width: width, normalization: normalization) {
                RotaryAttention(&$0, $1, width: width, heads: heads, base: 10_000, initialization)
            }
            feedForward = ResidualBranch(&layout, "\(name).feedForward", width: width, normalization: normalization) {
                GatedFeedForward(&$0, $1, width: width, hidden: hidden, initialization)
            }
        }

        func forward(
            _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
        ) -> (output: Backend.Tensor, record: Record) {
            let attended = attention.forward(input, &pass)
            let fed = feedForward.forward(attended.output, &pass)
            return (fed.output, Record(attention: attended.record, feedForward: fed.record))
        }

        func backward(
            _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
        ) -> Backend.Tensor {
            attention.backward(feedForward.backward(outputGradient, record.feedForward, &pass), record.attention, &pass)
        }
    }
}

/// Sizes that a processor trains in minutes. 12 layers of width 768 with 12 heads, hidden layers of 2048 and 32,000 tokens make
/// 134,105,856 parameters; 24 of 1024 with 16 heads and 2736 make 367,969,280.
enum RotaryTransformerDefinition: TokenNetworkDefinition {
    static let name = "llama"
    static let options: [ModelOptions.Name] = [.layers, .width, .heads, .context, .hidden]
    static let defaults = ModelOptions(layers: 4, width: 128, heads: 4)
    static let training = TrainingDefaults.languageModel

    /// Two thirds of four times the width, so that three maps have the parameters of two, rounded up to a multiple of 16, as the
    /// published sizes are.
    static func hidden(ofWidth width: Int) -> Int { (8 &* width / 3 &+ 15) / 16 * 16 }

    static func network<Backend: NeuralBackend>(
        _ options: ModelOptions, vocabulary: Int, context: Int, on backend: Backend.Type
    ) throws(ModelError) -> any Network<Backend> {
        let longest = options.context ?? context
        try SizeRequirements(model: name).atMost(.init("length of samples", context), .init("context", longest))
        let width = options.value(\.width)
        return try RotaryTransformer<Backend>(
            vocabulary: vocabulary, context: longest, layers: options.value(\.layers), width: width,
            heads: options.value(\.heads), hidden: options.hidden ?? hidden(ofWidth: width))
    }
}
