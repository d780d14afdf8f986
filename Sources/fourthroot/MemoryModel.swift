import ArgumentParser
import CPUBackend
import NeuralNetworks
import Training

/// The model whose bytes are counted: an architecture of the published runs, or a network as `train` trains it.
///
/// Some are both: they are the published ones where no size is given that those do not have.
struct MemoryModel: ParsableArguments {
    /// The networks that train trains, and those of the published runs.
    struct Name: ExpressibleByArgument {
        let text: String

        init?(argument: String) {
            guard Self.allValueStrings.contains(argument) else { return nil }
            text = argument
        }

        static var allValueStrings: [String] {
            let trained = Model.allCases.map(\.rawValue)
            return trained + PublishedModel.allCases.map(\.rawValue).filter { !trained.contains($0) }
        }

        static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
    }

    @Option(name: .customLong("model"), help: "A network that train trains, or one of the published runs.")
    var name: Name

    var model: String { name.text }

    @OptionGroup var sizes: NetworkSizeOptions

    @Option(help: "Classes of images (default: those of the published run, or 10).")
    var classes: Int?

    @Option(
        help: ArgumentHelp(
            "Pixels a side of images (default: those of the published run, or 32). Networks of two forms have that for ImageNet "
                + "from 224 on, resnets and densenet121 above 64, that for CIFAR below."))
    var imageSize: Int?

    @Option(help: "Channels of images (default: 3).")
    var channels: Int?

    @Option(help: "Different tokens that gpt reads (default: 65, the characters of tiny Shakespeare).")
    var vocabulary: Int?

    func validate() throws {
        let limits: [(name: String, value: Int?, range: ClosedRange<Int>)] = [
            ("classes", classes, 1...1_000_000), ("image-size", imageSize, 1...4096), ("channels", channels, 1...1024),
            ("context", sizes.context, 1...1_000_000), ("vocabulary", vocabulary, 2...1_000_000),
        ]
        for (name, value, range) in limits {
            if let value, !range.contains(value) {
                throw ValidationError("--\(name) \(value): give \(range.lowerBound) to \(range.upperBound)")
            }
        }
    }

    /// The published architecture, nil where the network is one that `train` trains.
    ///
    /// - Throws: `StatusError` of status `usage` for a name that is none, and for options that the model does not have.
    func publishedName() throws -> PublishedModel? {
        let published = PublishedModel(rawValue: model)
        if let trained = Model(rawValue: model), published == nil || givenSize != nil {
            try refuseOptionsOfOtherData(readsTokens: trained.readsTokens)
            return nil
        }
        guard let published else { preconditionFailure("a model that is neither trained nor published: \(model)") }
        if let size = givenSize { throw StatusError.usage("--\(size): the form of \(model) is the published one") }
        try refuseOptionsOfOtherData(readsTokens: !published.readsImages)
        if let imageSize, !imageSize.isMultiple(of: 32) {
            throw StatusError.usage("--image-size \(imageSize): \(model) reads multiples of 32")
        }
        return published
    }

    func readsTokens(_ published: PublishedModel?) -> Bool {
        published.map { !$0.readsImages } ?? Model(rawValue: model)?.readsTokens ?? false
    }

    private var givenSize: String? {
        sizes.givenSize ?? (channels != nil ? "channels" : vocabulary != nil ? "vocabulary" : nil)
    }

    private func refuseOptionsOfOtherData(readsTokens: Bool) throws {
        let ofImages = [("classes", classes), ("image-size", imageSize), ("channels", channels)]
        let ofTokens = [("context", sizes.context), ("vocabulary", vocabulary)]
        if let (name, _) = (readsTokens ? ofImages : ofTokens).first(where: { $0.1 != nil }) {
            throw StatusError.usage("--\(name): \(model) reads \(readsTokens ? "tokens" : "images")")
        }
    }

    /// The tokens of a sequence: the published runs' of a LLaMA, and otherwise those of `train`.
    func context(_ published: PublishedModel?) -> Int {
        if let given = sizes.context { return given }
        return switch published {
        case nil: NetworkSizeOptions.defaultContext
        case .gpt2: 1024
        default: 256
        }
    }

    /// The model whose parameters are counted.
    ///
    /// - Throws: `ModelError`.
    func counted(_ published: PublishedModel?) throws(ModelError) -> CountedModel {
        guard let published else { return try trainedNetwork() }
        let (classes, size) = images(of: published)
        return try published.parameters(classes: classes, imageSize: size, on: CPUBackend<Float>())
    }

    /// Those that are given, or of the published run; language models heed neither.
    private func images(of published: PublishedModel) -> (classes: Int, size: Int) {
        guard case .images(let classes, let size) = published.run.data else { return (2, 32) }
        return (self.classes ?? classes, imageSize ?? size)
    }

    /// Whether the published run had these images.
    func isAsPublished(_ published: PublishedModel) -> Bool {
        guard case .images(let classes, let size) = published.run.data else { return true }
        return images(of: published) == (classes, size)
    }

    /// The parameters of the network that `train` makes for such data.
    ///
    /// - Throws: `ModelError`.
    private func trainedNetwork() throws(ModelError) -> CountedModel {
        let model = try Model(named: model)
        let (classes, size) = PublishedModel(rawValue: self.model).map(images) ?? (classes ?? 10, imageSize ?? 32)
        let data: DataDescription =
            model.readsTokens
            ? .tokens(vocabulary: vocabulary ?? 65, context: sizes.context ?? NetworkSizeOptions.defaultContext)
            : .images(
                channels: channels ?? 3, height: size, width: size, classes: classes)
        return CountedModel(of: try sizes.network(model, for: data, on: CPUBackend<Float>()))
    }
}
