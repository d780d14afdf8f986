import ArgumentParser
import CPUBackend
import NeuralNetworks

/// The network by name and sizes.
struct NetworkOptions: ParsableArguments {
    @Option(help: "Network: \(Model.allCases.map(\.rawValue).joined(separator: ", ")).")
    var model: String

    @Option(help: "Blocks of a transformer (vit-small 12, gpt 4), hidden layers of mlp (2).")
    var layers: Int?

    @Option(help: "Features of a transformer (vit-small 384, gpt 128), channels of a resnet's first stage (16, 64).")
    var width: Int?

    @Option(help: "Attention heads (vit-small 6, gpt 4).")
    var heads: Int?

    @Option(help: "Tokens of a sample of text, and the positions of gpt (default 128).")
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

    /// Whether the named model reads tokens; false for names that are none.
    var readsTokens: Bool { Model(rawValue: model).map { $0 == .gpt || $0 == .llama } ?? false }

    /// - Throws: `ModelError`.
    func network(for data: DataDescription) throws(ModelError) -> any Network<CPUBackend<Float>> {
        let options = ModelOptions(
            layers: layers, width: width, heads: heads, context: readsTokens ? nil : context, hidden: hidden, patch: patch,
            dropout: dropout, stochasticDepth: stochasticDepth, tiesHead: tieHead ? true : nil)
        return try Model(named: model).network(options, for: data, on: CPUBackend<Float>())
    }

    func describe(in configuration: inout TrainConfiguration) {
        configuration.set("model", model)
        for (name, value) in [
            ("layers", layers), ("width", width), ("heads", heads), ("context", context), ("hidden", hidden),
            ("patch", patch),
        ] { configuration.set(name, value) }
        configuration.set("dropout", dropout)
        configuration.set("stochastic-depth", stochasticDepth)
        configuration.set("tie-head", tieHead)
    }
}
