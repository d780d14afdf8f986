import ArgumentParser
import NeuralNetworks
import Training

/// The data set by name and place.
struct DataOptions: ParsableArguments {
    private static let names = DataSource.allCases.map(\.rawValue)

    @Option(help: "Data set: \(names.joined(separator: ", ")).", completion: .list(names))
    var dataset: String

    @Option(
        name: .customLong("data"), help: "Folder of the data set's files, or the file of text and tokens.", completion: .file())
    var path: String?

    @Option(help: "Vocabulary of tokens (default: one more than the largest).")
    var vocabulary: Int?

    /// - Throws: `DataError`, `ModelError`.
    func open(for network: NetworkOptions, batchSize: Int, seed: UInt64) throws -> any DataSet {
        // An unknown model is found before a large file is read.
        _ = try Model(named: network.model)
        // What is synthetic has the form that the model reads.
        let isTokens = dataset == DataSource.synthetic.rawValue && network.readsTokens
        let source = isTokens ? DataSource.syntheticTokens.rawValue : dataset
        let context =
            DataSource(rawValue: source)?.hasContext ?? false ? network.sizes.context ?? NetworkSizeOptions.defaultContext : nil
        return try DataSource.open(
            name: source, path: path, batchSize: batchSize, context: context, vocabulary: vocabulary, seed: seed)
    }

    func describe(in configuration: inout TrainConfiguration) {
        configuration.set("dataset", dataset)
        configuration.set("vocabulary", vocabulary)
    }
}
