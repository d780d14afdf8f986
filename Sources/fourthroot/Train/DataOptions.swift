import ArgumentParser
import Foundation
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

    @Option(help: "Side of the images of images and tiny-imagenet (default: 224 for images, 64 for tiny-imagenet).")
    var imageSize: Int?

    @Option(help: "What to do about image files that are damaged (default: refuse).")
    var corruptImages: CorruptImageRule?

    @Option(
        help: """
            Threads that read and decode image files, the next batches among them while a step is taken (default: one a core).
            """)
    var dataThreads: Int?

    @Option(help: "RandAugment on training images: operations, and their magnitude from 0 to 30, as in 2,9 (default: none).")
    var randAugment: RandAugmentWord?

    @Option(help: "Mixup of training images: alpha of the shares' Beta distribution (default: none).")
    var mixup: Double?

    @Option(help: "CutMix of training images: alpha likewise; with --mixup one of both for every batch (default: none).")
    var cutmix: Double?

    /// - Throws: `StatusError` for options of other data sets, and for values out of range.
    func check() throws {
        if let dataThreads, !(1...1024).contains(dataThreads) {
            throw StatusError.usage("--data-threads \(dataThreads): it must be from 1 to 1024")
        }
        let ofFiles = DataSource.allCases.filter(\.hasImageFiles).map(\.rawValue).joined(separator: " or ")
        let givenOfFiles = [
            ("image-size", imageSize != nil), ("corrupt-images", corruptImages != nil), ("data-threads", dataThreads != nil),
        ]
        try givenOfFiles.map {
            OptionRule($0, $1, appliesIf: dataset.hasImageFiles, needs: "files of images: --dataset \(ofFiles)")
        }.check()
        try [
            OptionRule(
                "vocabulary", vocabulary != nil, appliesIf: dataset == .tokens,
                needs: "--dataset \(DataSource.tokens.rawValue)")
        ].check()
    }

    /// - Throws: `StatusError`.
    private func mixing() throws -> BatchMixing? {
        if mixup == nil && cutmix == nil { return nil }
        guard let mixing = BatchMixing(mixup: mixup, cutMix: cutmix) else {
            throw StatusError.usage("--mixup and --cutmix: an alpha must be from 0.01 to 100")
        }
        return mixing
    }

    /// - Throws: `StatusError`, `DataError`, `ModelError`.
    func open(for network: NetworkOptions, batchSize: Int, seed: UInt64) throws -> any DataSet {
        try check()
        // What is synthetic has the form that the model reads.
        let source = dataset == .synthetic && network.model.readsTokens ? .syntheticTokens : dataset
        let context = source.hasContext ? network.sizes.context ?? NetworkSizeOptions.defaultContext : nil
        let images = ImageOptions(
            size: imageSize, corruptImages: corruptImages ?? .refuse, randAugment: randAugment?.value, mixing: try mixing(),
            threads: dataThreads ?? ProcessInfo.processInfo.activeProcessorCount)
        return try DataSource.open(
            name: source.rawValue, path: path, batchSize: batchSize, context: context, vocabulary: vocabulary, seed: seed,
            images: images)
    }

    func describe(_ dataSet: any DataSet, in configuration: inout TrainConfiguration) {
        configuration.begin("data")
        configuration.set("dataset", dataset.rawValue)
        configuration.set("data", path)
        if dataset == .tokens, case .tokens(let vocabulary, _) = dataSet.description {
            configuration.set("vocabulary", vocabulary)
        }
        if dataset.hasImageFiles, case .images(_, let height, _, _) = dataSet.description {
            configuration.set("image-size", height)
            configuration.set("corrupt-images", (corruptImages ?? .refuse).rawValue)
        }
        configuration.set("rand-augment", randAugment?.description)
        configuration.set("mixup", mixup)
        configuration.set("cutmix", cutmix)
        configuration.record("data-fingerprint", .text(dataSet.fingerprint))
    }
}

/// RandAugment as an option has it: N,M.
struct RandAugmentWord: ExpressibleByArgument, CustomStringConvertible {
    let value: RandAugment

    init?(argument: String) {
        let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.count == 2, let count = numbers[0], let magnitude = numbers[1],
            let value = RandAugment(count: count, magnitude: magnitude)
        else { return nil }
        self.value = value
    }

    var description: String { "\(value.count),\(value.magnitude)" }
}
