import ArgumentParser
import Compute
import NeuralNetworks

/// The sizes and rates of a network that `train` trains.
struct NetworkSizeOptions: ParsableArguments {
    @Option(help: "Blocks of a transformer (vit-small 12, gpt 4), hidden layers of mlp (2).")
    var layers: Int?

    @Option(help: "Features of a transformer (vit-small 384, gpt 128), channels of a resnet's first stage (16, 64).")
    var width: Int?

    @Option(help: "Attention heads (vit-small 6, gpt 4).")
    var heads: Int?

    @Option(help: "Tokens of a sample of text, and the positions of gpt (default: 128).")
    var context: Int?

    @Option(help: "Width of hidden layers (mlp 512, transformers four times their width).")
    var hidden: Int?

    @Option(help: "Side of vit-small's patches (4).")
    var patch: Int?

    @Option(help: "Dropout rate of transformers (0).")
    var dropout: Double?

    @Option(help: "Stochastic depth of vit-small (0): the rate of the last block, rising linearly.")
    var stochasticDepth: Double?

    @Flag(help: "Tie gpt's output map to its token embedding.")
    var tieHead = false

    static let defaultContext = 128

    /// - Throws: `ModelError`.
    func network<Backend: NeuralBackend>(
        _ model: Model, for data: DataDescription, on backend: Backend
    ) throws(ModelError) -> any Network<Backend> {
        try model.network(options(for: model), for: data, on: backend)
    }

    /// The context of a model that reads tokens is that of its data.
    private func options(for model: Model) -> ModelOptions {
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

    func describe(in configuration: inout TrainConfiguration) {
        for (name, value) in [
            ("layers", layers), ("width", width), ("heads", heads), ("context", context), ("hidden", hidden),
            ("patch", patch),
        ] { configuration.set(name, value) }
        configuration.set("dropout", dropout)
        configuration.set("stochastic-depth", stochasticDepth)
        configuration.set("tie-head", tieHead)
    }
}
