import Compute

/// A transformer on the patches of an image, read out at a class token.
///
/// GELU is exact and the offset of normalizations 1e-6, as in timm. Initialization is timm's, too: normal of deviation 0.02
/// (timm cuts it off at ±2, which no number reaches), 1e-6 for the class token, zero biases, the patches' map uniform.
///
/// Source: Dosovitskiy et al., arXiv 2010.11929, section 3.1; timm 1.0, `vision_transformer.py`.
public struct VisionTransformer<Backend: NeuralBackend>: Network {
    public let parameters: [ParameterDescription]
    public let runningStatistics: [ParameterDescription]
    public let outputs: Int

    public struct Record: Sendable {
        fileprivate let embedding: PatchEmbedding<Backend>.Record
        fileprivate let dropout: Dropout<Backend>.Mask?
        fileprivate let blocks: [TransformerBlock<Backend>.Record]
        fileprivate let normalization: LayerNormalization<Backend>.Record
        fileprivate let features: Backend.Tensor
        fileprivate let batch: Int
    }

    private let embedding: PatchEmbedding<Backend>
    private let dropout: Dropout<Backend>
    private let blocks: [TransformerBlock<Backend>]
    private let readout: PositionSelection<Backend>
    private let normalization: LayerNormalization<Backend>
    private let head: Linear<Backend>

    /// - Parameters:
    ///   - patch: the side of the patches.
    ///   - hidden: the width inside the feed-forward parts; 4·width where nil.
    ///   - dropout: after the embedding and at the end of every branch.
    ///   - stochasticDepth: the rate of the last block; it grows linearly from 0 at the first.
    /// - Throws: `ModelError.outOfRange`, `.rateOutOfRange`, `.notDivisible`.
    public init(
        name: String = "vit-small", image: ImageShape, classes: Int, patch: Int, layers: Int, width: Int,
        heads: Int, hidden: Int?, dropout: Double, stochasticDepth: Double
    ) throws(ModelError) {
        let requirements = SizeRequirements(model: name)
        try requirements.images(image, classes: classes)
        try requirements.range(.init("patch side", patch), from: 1)
        try requirements.divisible(.init("image height", image.height), by: .init("patch side", patch))
        try requirements.divisible(.init("image width", image.width), by: .init("patch side", patch))
        try requirements.range(.init("width", width), from: 2)
        let hidden = hidden ?? 4 * width
        try requirements.transformer(width: width, heads: heads, hidden: hidden, layers: layers)
        try requirements.rate("dropout", dropout)
        try requirements.rate("stochastic depth", stochasticDepth)

        var layout = NetworkLayout()
        let initialization = ParameterDescription.Initialization.normal(deviation: 0.02)
        let normalizationOffset = 1e-6
        let patches = ConvolutionShape(
            batch: 1, height: image.height, width: image.width, inputs: image.channels, outputs: width, kernel: patch,
            stride: patch)
        embedding = PatchEmbedding(&layout, patches, initialization)
        self.dropout = Dropout(rows: width, rate: dropout)
        let shape = TransformerShape(
            width: width, heads: heads, hidden: hidden, isCausal: false, dropout: dropout, attentionDropout: 0,
            activation: .exact, normalizationOffset: normalizationOffset, initialization: initialization,
            residualInitialization: initialization)
        blocks = transformerBlocks(&layout, shape, layers: layers, stochasticDepth: stochasticDepth)
        readout = PositionSelection(length: embedding.length, chosen: [0])
        normalization = LayerNormalization(&layout, "normalization", width: width, offset: normalizationOffset)
        head = Linear(
            &layout, "head", inputs: width, outputs: classes, weight: initialization, bias: .constant(0))
        outputs = classes
        parameters = layout.parameters
        runningStatistics = layout.runningStatistics
    }

    fileprivate init(
        name: String, _ options: ModelOptions, _ image: ImageShape, classes: Int
    ) throws(ModelError) {
        try self.init(
            name: name, image: image, classes: classes, patch: options.value(\.patch), layers: options.value(\.layers),
            width: options.value(\.width), heads: options.value(\.heads), hidden: options.hidden,
            dropout: options.value(\.dropout), stochasticDepth: options.value(\.stochasticDepth))
    }

    public func forward(
        _ input: NetworkInput<Backend.Tensor>, _ pass: inout ForwardPass<Backend>
    ) -> (logits: Backend.Tensor, record: Record) {
        let (images, batch) = input.expectingImages
        pass.batch = batch
        pass.length = embedding.length
        let embedded = embedding.forward(images, &pass)
        let dropped = dropout.forward(embedded.output, &pass)
        let stream = blocks.forward(dropped.output, &pass)
        // Only the class token is read, so only it is normalized.
        let normalized = normalization.forward(readout.forward(stream.output, &pass).output, &pass)
        let record = Record(
            embedding: embedded.record, dropout: dropped.record, blocks: stream.records,
            normalization: normalized.record, features: normalized.output, batch: batch)
        return (head.forward(normalized.output, &pass).output, record)
    }

    public func backward(_ logitsGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>) {
        let normalized = head.backward(logitsGradient, record.features, &pass)
        let classGradient = normalization.backward(normalized, record.normalization, &pass)
        let stream = readout.backward(classGradient, record.batch, &pass)
        let embedded = dropout.backward(blocks.backward(stream, record.blocks, &pass), record.dropout, &pass)
        embedding.contributeGradients(embedded, record.embedding, &pass)
    }
}

/// ViT-Small with patches of 4, for images of about 32 × 32.
///
/// Source: Touvron et al., arXiv 2012.12877, table 1 (DeiT-S).
enum VisionTransformerSmall: ImageNetworkDefinition {
    static let name = "vit-small"
    static let options: [ModelOptions.Name] = [.layers, .width, .heads, .hidden, .patch, .dropout, .stochasticDepth]
    static let defaults = ModelOptions(layers: 12, width: 384, heads: 6, patch: 4, dropout: 0, stochasticDepth: 0)
    static let training = TrainingDefaults.visionTransformer

    static func network<Backend: NeuralBackend>(
        _ options: ModelOptions, _ image: ImageShape, classes: Int, on backend: Backend.Type
    ) throws(ModelError) -> any Network<Backend> {
        try VisionTransformer<Backend>(name: name, options, image, classes: classes)
    }
}

/// ViT-B/32: 88,224,232 parameters for 1000 classes at 224 pixels, as timm's `vit_base_patch32_224`.
///
/// Source: Dosovitskiy et al., arXiv 2010.11929, table 1.
enum VisionTransformerBase32: ImageNetworkDefinition {
    static let name = "vit-base32"
    static let options = VisionTransformerSmall.options
    static let defaults = ModelOptions(layers: 12, width: 768, heads: 12, patch: 32, dropout: 0, stochasticDepth: 0)
    static let training = TrainingDefaults.visionTransformer

    static func network<Backend: NeuralBackend>(
        _ options: ModelOptions, _ image: ImageShape, classes: Int, on backend: Backend.Type
    ) throws(ModelError) -> any Network<Backend> {
        try VisionTransformer<Backend>(name: name, options, image, classes: classes)
    }
}

/// Blocks `blocks.0`, `blocks.1`, … with rates of stochastic depth that grow linearly from 0 to the given one.
func transformerBlocks<Backend: NeuralBackend>(
    _ layout: inout NetworkLayout, _ shape: TransformerShape, layers: Int, stochasticDepth: Double
) -> [TransformerBlock<Backend>] {
    var blocks: [TransformerBlock<Backend>] = []
    for layer in 0..<layers {
        let rate = layers == 1 ? stochasticDepth : stochasticDepth * Double(layer) / Double(layers - 1)
        blocks.append(TransformerBlock(&layout, "blocks.\(layer)", shape, stochasticDepth: rate))
    }
    return blocks
}

extension Array {
    func forward<Backend: NeuralBackend>(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, records: [Element.Record]) where Element: Layer<Backend> {
        var (activation, records) = (input, [Element.Record]())
        for layer in self {
            let (output, record) = layer.forward(activation, &pass)
            activation = output
            records.append(record)
        }
        return (activation, records)
    }

    func backward<Backend: NeuralBackend>(
        _ outputGradient: Backend.Tensor, _ records: [Element.Record], _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor where Element: Layer<Backend> {
        zip(self, records).reversed().reduce(outputGradient) { gradient, step in
            step.0.backward(gradient, step.1, &pass)
        }
    }
}
