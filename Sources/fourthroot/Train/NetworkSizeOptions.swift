import ArgumentParser
import Compute
import NeuralNetworks

/// The sizes and rates of a network that `train` trains.
struct NetworkSizeOptions: ParsableArguments {
    @Option(help: "Blocks of a transformer, hidden layers of mlp (default: \(defaults(\.layers))).")
    var layers: Int?

    @Option(
        help:
            "Features of a transformer, channels of a convolutional network's first stage, or that a layer of densenet121 adds (default: \(defaults(\.width)))."
    )
    var width: Int?

    @Option(help: "Attention heads (default: \(defaults(\.heads))).")
    var heads: Int?

    @Option(help: "Tokens of a sample of text, and the longest sequence of a language model (default: \(defaultContext)).")
    var context: Int?

    @Option(
        help:
            "Width of hidden layers (default: \(defaults(\.hidden)), four times its width for a transformer, 8/3 of it for llama)."
    )
    var hidden: Int?

    @Option(
        help:
            "Side of the patches of images (default: \(defaults(\.patch)), 4 for swin-tiny from 224 pixels on, a 16th of the side below)."
    )
    var patch: Int?

    @Option(help: "Dropout rate of transformers (default: \(defaults(\.dropout))).")
    var dropout: Double?

    @Option(
        help: ArgumentHelp(
            "Stochastic depth: the rate of the last block, rising linearly (default: \(defaults(\.stochasticDepth)))."))
    var stochasticDepth: Double?

    @Flag(inversion: .prefixedNo, help: "Tie gpt's output map to its token embedding.")
    var tieHead = false

    /// `12 for vit-small, 4 for gpt`: a value of the networks that have it.
    private static func defaults<Value>(_ value: KeyPath<ModelOptions, Value?>) -> String {
        wordsByValue(
            Model.allCases.compactMap { model in model.definition.defaults[keyPath: value].map { (model.rawValue, "\($0)") } })
    }

    static let defaultContext = 128

    /// - Throws: `ModelError`.
    func network<Backend: NeuralBackend>(
        _ model: Model, for data: DataDescription, on backend: Backend
    ) throws(ModelError) -> any Network<Backend> {
        try model.network(options(for: model), for: data, on: backend)
    }

    /// - Throws: `StatusError` of status `usage` for an option that the model does not have.
    func check(_ model: Model) throws(StatusError) {
        let known = model.definition.options
        guard let option = options(for: model).given.first(where: { !known.contains($0) }) else { return }
        let refusal = ModelError.optionDoesNotApply(
            model: model.rawValue, option: option.rawValue, applicable: known.map(\.rawValue))
        throw StatusError(status: .usage, description: "\(refusal)", inapplicableOption: Self.name(of: option))
    }

    private static func name(of option: ModelOptions.Name) -> String {
        option == .tiesHead ? "tie-head" : option.rawValue.replacing(" ", with: "-")
    }

    /// The context of a model that reads tokens is that of its data.
    fileprivate func options(for model: Model) -> ModelOptions {
        ModelOptions(
            layers: layers, width: width, heads: heads, context: model.readsTokens ? nil : context, hidden: hidden,
            patch: patch, dropout: dropout, stochasticDepth: stochasticDepth, tiesHead: tieHead ? true : nil)
    }

    /// The name of an option that is given, but for the context.
    var givenSize: String? {
        let given: [(String, Bool)] = [
            ("layers", layers != nil), ("width", width != nil), ("heads", heads != nil), ("hidden", hidden != nil),
            ("patch", patch != nil), ("dropout", dropout != nil), ("stochastic-depth", stochasticDepth != nil),
            ("tie-head", tieHead),
        ]
        return given.first { $0.1 }?.0
    }

    /// Also those that were not given.
    func describe(_ model: Model, for data: DataDescription, in configuration: inout TrainConfiguration) {
        var context: Int?
        if case .tokens(_, let tokens) = data { context = tokens }
        model.completed(options(for: model), context: context).describe(in: &configuration)
        var defaults = TrainConfiguration()
        model.definition.defaults.describe(in: &defaults)
        configuration.sizeDefaults = defaults.values
    }
}

extension ModelOptions {
    fileprivate func describe(in configuration: inout TrainConfiguration) {
        for (name, value) in [
            ("layers", layers), ("width", width), ("heads", heads), ("context", context), ("hidden", hidden), ("patch", patch),
        ] { configuration.set(name, value) }
        configuration.set("dropout", dropout)
        configuration.set("stochastic-depth", stochasticDepth)
        configuration.set("tie-head", tiesHead)
    }
}
