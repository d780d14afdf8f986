import ArgumentParser
import CPUBackend
import NeuralNetworks

/// The network by name and sizes.
struct NetworkOptions: ParsableArguments {
    static let names = Model.allCases.map(\.rawValue)

    @Option(help: "Network: \(names.joined(separator: ", ")).", completion: .list(names))
    var model: String

    @OptionGroup var sizes: NetworkSizeOptions

    /// Whether the named model reads tokens; false for names that are none.
    var readsTokens: Bool { Model(rawValue: model)?.readsTokens ?? false }

    /// - Throws: `ModelError`.
    func network(for data: DataDescription) throws(ModelError) -> any Network<CPUBackend<Float>> {
        try sizes.network(Model(named: model), for: data)
    }

    func describe(in configuration: inout TrainConfiguration) {
        configuration.set("model", model)
        sizes.describe(in: &configuration)
    }
}
