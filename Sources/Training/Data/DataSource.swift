import Foundation
import MatrixCore

/// The data sets by name.
public enum DataSource: String, Sendable, CaseIterable {
    /// Images in CIFAR-10's binary format; any of `data_batch_1.bin` … `data_batch_5.bin`, and `test_batch.bin`.
    case cifar10
    /// Images in CIFAR-100's binary format, `train.bin` and `test.bin`; the fine label is the class.
    case cifar100
    /// Images and labels in MNIST's IDX format, plain or compressed by gzip.
    case mnist
    /// The public folder of Tiny-ImageNet: 200 classes, 3 × 64 × 64.
    case tinyImageNet = "tiny-imagenet"
    /// A folder of class folders of JPEG and PNG files for training and for validation, as ImageNet is unpacked.
    case images
    /// The characters of a UTF-8 file.
    case text
    /// A NumPy file of integers, or a file of little-endian 16-bit or 32-bit tokens.
    case tokens
    /// Images of known structure, made from the seed; 10 classes, 3 × 32 × 32.
    case synthetic
    /// A Markov chain of 64 tokens, made from the seed; a mean cross-entropy of 1.2130 is the best possible.
    case syntheticTokens = "synthetic-tokens"

    /// Whether the samples are windows of tokens, which have a context; else they are images.
    public var hasContext: Bool {
        switch self {
        case .text, .tokens, .syntheticTokens: true
        case .cifar10, .cifar100, .mnist, .tinyImageNet, .images, .synthetic: false
        }
    }

    /// Whether the images lie in files of their own, of any size.
    public var hasImageFiles: Bool { self == .tinyImageNet || self == .images }

    /// Whether it is read from a file or folder.
    public var hasFile: Bool {
        switch self {
        case .cifar10, .cifar100, .mnist, .tinyImageNet, .images, .text, .tokens: true
        case .synthetic, .syntheticTokens: false
        }
    }

    /// Reads a data set, or makes it where it is synthetic.
    ///
    /// - Parameters:
    ///   - path: the folder of the files; for `text` and `tokens` the file, or a folder with one `.txt`,
    ///     or one `.bin` or `.npy` file, or `train` and `val` of these.
    ///   - batchSize: samples of a batch, of which there must be one.
    ///   - context: tokens of a sample; required where `hasContext`.
    ///   - vocabulary: for `tokens`, more than every token; nil for one more than the largest.
    ///   - seed: of what is synthetic; nothing else depends on it.
    ///   - images: nil for what is usual; only for data sets of images, a size only where `hasImageFiles`.
    /// - Throws: `DataError`.
    public static func open(
        name: String, path: String?, batchSize: Int, context: Int?, vocabulary: Int?, seed: UInt64,
        images: ImageOptions = ImageOptions()
    ) throws(DataError) -> any DataSet {
        guard let source = DataSource(rawValue: name) else {
            throw DataError(
                kind: .unknownName, file: nil, problem: "the data set '\(name)' is unknown",
                advice: nearestName(to: name, among: allCases.map(\.rawValue)).map { "did you mean '\($0)'?" }
                    ?? "the data sets are \(allCases.map(\.rawValue).joined(separator: ", "))")
        }
        try source.checkOptions(path: path, batchSize: batchSize, context: context, vocabulary: vocabulary)
        try source.check(images)
        let dataSet = try source.read(path ?? "", context: context ?? 0, vocabulary: vocabulary, seed: seed, images)
        guard dataSet.batchesPerEpoch(batchSize: batchSize) >= 1 else {
            throw DataError(
                kind: .tooShort, file: path,
                problem: "\(dataSet.batchesPerEpoch(batchSize: 1)) training samples, and a batch has \(batchSize)",
                advice: "give more data or a smaller batch")
        }
        return images.mixing.map { MixedDataSet(base: dataSet, mixing: $0) } ?? dataSet
    }

    private func refuse(_ problem: String, _ advice: String) throws(DataError) {
        throw DataError(kind: .wrongOption, file: nil, problem: "data set \(rawValue): \(problem)", advice: advice)
    }

    private func check(_ images: ImageOptions) throws(DataError) {
        if let size = images.size {
            if !hasImageFiles { try refuse("the size of its images cannot be chosen", "give none") }
            if !(8...1024).contains(size) { try refuse("images of \(size) pixels", "give 8 to 1024") }
        }
        if images.randAugment != nil && (hasContext || self == .mnist) {
            try refuse("RandAugment changes colors, and it has none", "leave it out")
        }
        if images.mixing != nil && hasContext { try refuse("mixup and CutMix mix images, and it has none", "leave them out") }
    }

    private func checkOptions(path: String?, batchSize: Int, context: Int?, vocabulary: Int?) throws(DataError) {
        if batchSize < 1 { try refuse("a batch of \(batchSize) samples", "give a positive number") }
        if hasFile && path == nil { try refuse("there is no path to its files", "give their folder or file") }
        if !hasFile && path != nil { try refuse("it has no file", "give no path") }
        if let context, hasContext, context < 1 { try refuse("a context of \(context) tokens", "give a positive number") }
        if hasContext && context == nil { try refuse("there is no context", "give the number of tokens of a sample") }
        if let vocabulary {
            if self != .tokens { try refuse("its vocabulary cannot be chosen", "give none") }
            if !(1...TokenDataSet.largestVocabulary).contains(vocabulary) {
                try refuse("a vocabulary of \(vocabulary)", "give 1 to \(TokenDataSet.largestVocabulary)")
            }
        }
    }

    private func read(
        _ path: String, context: Int, vocabulary: Int?, seed: UInt64, _ images: ImageOptions
    ) throws(DataError) -> any DataSet {
        switch self {
        case .cifar10: try ImageDataSet(.cifar10, folder: path).augmented(images)
        case .cifar100: try ImageDataSet(.cifar100, folder: path).augmented(images)
        case .mnist: try ImageDataSet(mnistFolder: path)
        case .tinyImageNet: try ImageFolderDataSet(tinyImageNet: path, images)
        case .images: try ImageFolderDataSet(classFolder: path, images)
        case .text: try TokenDataSet(textFile: soleFile(path, ["txt"]), context: context)
        case .tokens: try tokenFiles(path, context: context, vocabulary: vocabulary)
        case .synthetic: SyntheticImages().dataSet(seed: seed).augmented(images)
        case .syntheticTokens: try SyntheticTokens().dataSet(context: context, seed: seed)
        }
    }
}

extension ImageDataSet {
    fileprivate func augmented(_ options: ImageOptions) -> ImageDataSet {
        var result = self
        result.options = options
        return result
    }
}

/// Of a file, or of a folder with one, or with one for training and one for validation, as nanoGPT names them.
private func tokenFiles(_ path: String, context: Int, vocabulary: Int?) throws(DataError) -> TokenDataSet {
    let endings = ["bin", "npy"]
    func files(_ name: String) -> [String] {
        endings.map { "\(path)/\(name).\($0)" }.filter { PathKind($0) == .file }
    }
    let (training, validation) = (files("train"), files("val"))
    let isPair = training.count == 1 && validation.count == 1
    return try TokenDataSet(
        tokenFile: isPair ? training[0] : soleFile(path, endings), validationFile: isPair ? validation[0] : nil,
        vocabulary: vocabulary, context: context)
}

/// The path itself, or where it is a folder the one file in it that ends so.
private func soleFile(_ path: String, _ suffixes: [String]) throws(DataError) -> String {
    guard PathKind(path) == .folder else { return path }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
        throw DataError(
            kind: .unreadable, file: path, problem: "the folder cannot be listed", advice: "check that you may read it")
    }
    let candidates = names.filter { name in suffixes.contains { name.hasSuffix(".\($0)") } }
    guard candidates.count == 1 else {
        throw DataError(
            kind: .notFound, file: path,
            problem:
                "the folder has \(candidates.isEmpty ? "no" : "more than one") .\(suffixes.joined(separator: " or .")) file",
            advice: "give the file itself")
    }
    return "\(path)/\(candidates[0])"
}
