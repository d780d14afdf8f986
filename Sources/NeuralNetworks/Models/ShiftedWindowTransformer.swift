import Compute

/// A transformer on the patches of an image in stages, each after the first at half the resolution and twice the width, with
/// attention in windows that every second block shifts by half: Swin.
///
/// Where a stage has no more patches a side than a window, the window is the whole and nothing is shifted. GELU is exact, the
/// offset of normalizations 1e-5, initialization timm's: normal of deviation 0.02, zero biases, the patches' map uniform.
///
/// Source: Liu et al., arXiv 2103.14030, sections 3.1 to 3.3; timm 1.0, `swin_transformer.py`.
public struct ShiftedWindowTransformer<Backend: NeuralBackend>: Network {
    public let parameters: [ParameterDescription]
    public let runningStatistics: [ParameterDescription] = []
    public let outputs: Int

    public struct Record: Sendable {
        fileprivate let patches: Convolution<Backend>.Record
        fileprivate let embedding: LayerNormalization<Backend>.Record
        fileprivate var mergings: [PatchMerging<Backend>.Record] = []
        fileprivate var blocks: [[Block.Record]] = []
        fileprivate var normalization: LayerNormalization<Backend>.Record?
        fileprivate var features: Backend.Tensor?
    }

    private let patches: Convolution<Backend>
    private let embedding: LayerNormalization<Backend>
    /// One before every stage but the first.
    private let mergings: [PatchMerging<Backend>]
    private let stages: [[Block]]
    /// The patches a side in every stage.
    private let resolutions: [Int]
    private let normalization: LayerNormalization<Backend>
    private let pooling: GlobalAveragePooling<Backend>
    private let head: Linear<Backend>

    /// - Parameters:
    ///   - patch: the side of the patches.
    ///   - window: the patches of a window's side.
    ///   - width: of the first stage.
    ///   - depths: the blocks of every stage.
    ///   - heads: of the first stage; every other has twice as many as that before.
    ///   - stochasticDepth: the rate of the last block; it grows linearly from 0 at the first.
    /// - Throws: `ModelError.outOfRange`, `.rateOutOfRange`, `.notDivisible`.
    public init(
        name: String = "swin", image: ImageShape, classes: Int, patch: Int, window: Int, width: Int, depths: [Int], heads: Int,
        stochasticDepth: Double
    ) throws(ModelError) {
        let requirements = SizeRequirements(model: name)
        try requirements.images(image, classes: classes)
        try requirements.range(.init("number of stages", depths.count), from: 1, through: 8)
        try requirements.range(.init("width", width), from: 2, through: 1 << 12)
        // A table of distances with one column would stand as a column.
        try requirements.range(.init("number of heads", heads), from: 2)
        try requirements.divisible(.init("width", width), by: .init("number of heads", heads))
        try requirements.rate("stochastic depth", stochasticDepth)
        resolutions = try requirements.stageResolutions(image, patch: patch, window: window, stages: depths.count)

        var layout = NetworkLayout()
        let (offset, initialization) = (1e-5, ParameterDescription.Initialization.normal(deviation: 0.02))
        let shape = ConvolutionShape(
            batch: 1, height: image.height, width: image.width, inputs: image.channels, outputs: width, kernel: patch,
            stride: patch)
        patches = Convolution(
            &layout, "patches", shape, weight: .uniformFanIn(shape.depth), bias: .uniformFanIn(shape.depth))
        embedding = LayerNormalization(&layout, "embedding.normalization", width: width, offset: offset)
        var (mergings, stages, before) = ([PatchMerging<Backend>](), [[Block]](), 0)
        let last = max(depths.reduce(0, +) - 1, 1)
        for (stage, depth) in depths.enumerated() {
            let own = width << stage
            if stage > 0 {
                mergings.append(
                    PatchMerging(
                        &layout, "stages.\(stage).merging", width: own / 2, resolution: resolutions[stage - 1],
                        offset: offset, initialization))
            }
            let shape = TransformerShape(
                width: own, heads: heads << stage, hidden: 4 * own, isCausal: false, dropout: 0, attentionDropout: 0,
                activation: .exact, normalizationOffset: offset, initialization: initialization,
                residualInitialization: initialization)
            let side = min(window, resolutions[stage])
            var blocks: [Block] = []
            for block in 0..<depth {
                let windows = ShiftedWindows(
                    resolution: resolutions[stage], window: side,
                    shift: block % 2 == 1 && side < resolutions[stage] ? side / 2 : 0)
                blocks.append(
                    Block(
                        &layout, "stages.\(stage).\(block)", shape, windows,
                        stochasticDepth: stochasticDepth * Double(before + block) / Double(last)))
            }
            stages.append(blocks)
            before += depth
        }
        (self.mergings, self.stages) = (mergings, stages)
        let features = width << (depths.count - 1)
        normalization = LayerNormalization(&layout, "normalization", width: features, offset: offset)
        pooling = GlobalAveragePooling(positions: resolutions[depths.count - 1] * resolutions[depths.count - 1])
        head = Linear(
            &layout, "head", inputs: features, outputs: classes, weight: initialization, bias: .constant(0))
        outputs = classes
        parameters = layout.parameters
    }

    public func forward(
        _ input: NetworkInput<Backend.Tensor>, _ pass: inout ForwardPass<Backend>
    ) -> (logits: Backend.Tensor, record: Record) {
        let (images, batch) = input.expectingImages
        pass.batch = batch
        let cut = patches.forward(images, &pass)
        var (activation, embedded) = embedding.forward(cut.output, &pass)
        var record = Record(patches: cut.record, embedding: embedded)
        for (stage, blocks) in stages.enumerated() {
            if stage > 0 {
                let merged = mergings[stage - 1].forward(activation, &pass)
                activation = merged.output
                record.mergings.append(merged.record)
            }
            pass.length = resolutions[stage] * resolutions[stage]
            let stream = blocks.forward(activation, &pass)
            activation = stream.output
            record.blocks.append(stream.records)
        }
        let normalized = normalization.forward(activation, &pass)
        let features = pooling.forward(normalized.output, &pass).output
        (record.normalization, record.features) = (normalized.record, features)
        return (head.forward(features, &pass).output, record)
    }

    public func backward(_ logitsGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>) {
        guard let features = record.features, let normalized = record.normalization else {
            preconditionFailure("the record of another network")
        }
        let pooled = head.backward(logitsGradient, features, &pass)
        var gradient = normalization.backward(pooling.backward(pooled, (), &pass), normalized, &pass)
        for stage in stages.indices.reversed() {
            gradient = stages[stage].backward(gradient, record.blocks[stage], &pass)
            if stage > 0 { gradient = mergings[stage - 1].backward(gradient, record.mergings[stage - 1], &pass) }
        }
        patches.contributeGradients(embedding.backward(gradient, record.embedding, &pass), record.patches, &pass)
    }
}

extension ShiftedWindowTransformer {
    /// x + attention(norm(x)) in windows, then x + feedForward(norm(x)).
    fileprivate struct Block: Layer {
        typealias Branch<Inner: Layer<Backend>> = ResidualBranch<Backend, LayerNormalization<Backend>, Inner>

        struct Record: Sendable {
            let attention: Branch<WindowAttention<Backend>>.Record
            let feedForward: Branch<FeedForward<Backend>>.Record
        }

        private let attention: Branch<WindowAttention<Backend>>
        private let feedForward: Branch<FeedForward<Backend>>

        init(
            _ layout: inout NetworkLayout, _ name: String, _ shape: TransformerShape, _ windows: ShiftedWindows,
            stochasticDepth: Double
        ) {
            attention = ResidualBranch(&layout, "\(name).attention", shape, stochasticDepth: stochasticDepth) {
                WindowAttention(&$0, $1, shape, windows)
            }
            feedForward = ResidualBranch(&layout, "\(name).feedForward", shape, stochasticDepth: stochasticDepth) {
                FeedForward(&$0, $1, shape)
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

extension SizeRequirements {
    /// The patches a side in every stage, each half as many as in that before; of the last at least two, since a window of one
    /// has no distances.
    fileprivate func stageResolutions(
        _ image: ImageShape, patch: Int, window: Int, stages: Int
    ) throws(ModelError) -> [Int] {
        try range(.init("image width", image.width), from: image.height, through: image.height)
        try range(.init("patch side", patch), from: 1)
        try divisible(.init("image height", image.height), by: .init("patch side", patch))
        var resolutions: [Int] = []
        for stage in 0..<stages {
            let resolution = (image.height / patch) >> stage
            try range(.init("number of patches a side in the last stage", resolution), from: 2)
            if resolution > window {
                try divisible(.init("number of patches a side", resolution), by: .init("window side", window))
            }
            if stage < stages - 1 { try divisible(.init("number of patches a side", resolution), by: .init("square side", 2)) }
            resolutions.append(resolution)
        }
        return resolutions
    }
}

/// Swin-T: stages of 2, 2, 6 and 2 blocks, of width 96. From 224 pixels on patches of 4 and windows of 7, 28,288,354 parameters
/// for 1000 classes, as timm and torchvision count; below 16 × 16 patches and windows of 4, as published for CIFAR-100 (patches
/// of 2 on 32 pixels). There is a head for every 32 features, and two at the least.
enum ShiftedWindowTransformerTiny: ImageNetworkDefinition {
    static let name = "swin-tiny"
    static let options: [ModelOptions.Name] = [.width, .patch, .stochasticDepth]
    static let defaults = ModelOptions(width: 96, stochasticDepth: 0)
    static let training = TrainingDefaults.visionTransformer

    static func network<Backend: NeuralBackend>(
        _ options: ModelOptions, _ image: ImageShape, classes: Int, on backend: Backend.Type
    ) throws(ModelError) -> any Network<Backend> {
        try ShiftedWindowTransformer<Backend>.tiny(
            image: image, classes: classes, patch: options.patch, width: options.value(\.width),
            stochasticDepth: options.value(\.stochasticDepth))
    }
}

extension ShiftedWindowTransformer {
    /// - Parameter patch: nil for that of the image's form.
    public static func tiny(
        image: ImageShape, classes: Int, patch: Int? = nil, width: Int = 96, stochasticDepth: Double = 0
    ) throws(ModelError) -> ShiftedWindowTransformer {
        let isLarge = image.height >= 224
        if patch == nil && !isLarge {
            try SizeRequirements(model: "swin-tiny").divisible(
                .init("image height", image.height), by: .init("number of patches a side", 16))
        }
        return try ShiftedWindowTransformer(
            name: "swin-tiny", image: image, classes: classes, patch: patch ?? (isLarge ? 4 : image.height / 16),
            window: isLarge ? 7 : 4, width: width, depths: [2, 2, 6, 2], heads: max(2, width / 32),
            stochasticDepth: stochasticDepth)
    }
}
