import ArgumentParser
import NeuralNetworks
import Training

/// The data set by name and place.
struct DataOptions: ParsableArguments {
    @Option(help: "Data set.")
    var dataset: DataSource

    @Option(
        name: .customLong("data"), help: "Folder of the data set's files, or the file of text and tokens.", completion: .file())
    var path: String?

    @Option(help: "Vocabulary of tokens (default: one more than the largest).")
    var vocabulary: Int?

    /// - Throws: `DataError`, `ModelError`.
    func open(for network: NetworkOptions, batchSize: Int, seed: UInt64) throws -> any DataSet {
        // What is synthetic has the form that the model reads.
        let source = dataset == .synthetic && network.model.readsTokens ? .syntheticTokens : dataset
        let context = source.hasContext ? network.sizes.context ?? NetworkSizeOptions.defaultContext : nil
        return try DataSource.open(
            name: source.rawValue, path: path, batchSize: batchSize, context: context, vocabulary: vocabulary, seed: seed)
    }

    func describe(_ dataSet: any DataSet, in configuration: inout TrainConfiguration) {
        configuration.begin("data")
        configuration.set("dataset", dataset.rawValue)
        configuration.set("data", path)
        if dataset == .tokens, case .tokens(let vocabulary, _) = dataSet.description {
            configuration.set("vocabulary", vocabulary)
        }
        configuration.record("data-fingerprint", .text(dataSet.fingerprint))
    }
}
