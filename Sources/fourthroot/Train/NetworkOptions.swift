import ArgumentParser
import Compute
import NeuralNetworks

/// The network by name and sizes.
struct NetworkOptions: ParsableArguments {
    @Option(help: "Network.")
    var model: Model

    @OptionGroup var sizes: NetworkSizeOptions

    /// - Throws: `StatusError` of status `usage` for an option of other networks.
    func check() throws(StatusError) { try sizes.check(model) }

    /// - Throws: `ModelError`.
    func network<Backend: NeuralBackend>(
        for data: DataDescription, on backend: Backend
    ) throws(ModelError) -> any Network<Backend> {
        try sizes.network(model, for: data, on: backend)
    }

    func describe(_ data: DataDescription, in configuration: inout TrainConfiguration) {
        configuration.begin("network")
        configuration.set("model", model.rawValue)
        sizes.describe(model, for: data, in: &configuration)
    }
}
