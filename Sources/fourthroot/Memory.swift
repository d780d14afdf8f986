import ArgumentParser
import MatrixStudy
import Optimizers
import Preconditioning

/// The bytes of a training, counted without it.
struct Memory: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Count the bytes of parameters, gradients and optimizer states without training.",
        discussion: """
            Models: \(ModelName.allCases.map(\.rawValue).joined(separator: ", ")). Statistics and roots are counted to the byte as the \
            optimizer keeps them; beside them stands what published runs took, where the settings are theirs. Language \
            models train in bfloat16 by default, and their tables of tokens have no preconditioners, as published.
            """)

    @Option(help: "Architecture, for example resnet34 or llama-2-7b.")
    var model: String

    @Option(help: "First-order rule: \(FirstOrderRule.allCases.map(\.rawValue).joined(separator: ", ")).")
    var optimizer: String

    @OptionGroup(title: "Preconditioner") var shampoo: ShampooOptions

    @Option(help: "Classes of images (default: those of the published run).")
    var classes: Int?

    @Option(help: "Pixels a side of images (default: those of the published run).")
    var imageSize: Int?

    @Option(help: "Bits of parameters and gradients: 32 or 16 (default: 16 for language models, 32 for others).")
    var parameterBits: Int?

    @Option(help: "Bits of the first-order state: 32, 16 or 8.")
    var firstOrderBits: Int = 32

    @Flag(help: "Give tables of tokens and the map to their logits preconditioners too.")
    var preconditionVocabulary = false

    @Flag(help: "One row a parameter before the row of the whole model.")
    var perLayer = false

    @Option(help: "Memory of the device in GiB: adds the largest batch that fits.")
    var fits: Double?

    @Option(help: "Sequences a step: adds their activations.")
    var batchSize: Int?

    @Option(help: "Tokens a sequence.")
    var context: Int = 256

    @Flag(help: "JSON instead of CSV.")
    var json = false

    @OptionGroup var output: OutputOptions

    func validate() throws {
        let limits: [(name: String, value: Int?, range: ClosedRange<Int>)] = [
            ("classes", classes, 1...1_000_000), ("image-size", imageSize, 32...4096),
            ("batch-size", batchSize, 1...1_000_000), ("context", context, 1...1_000_000),
        ]
        for (name, value, range) in limits {
            if let value, !range.contains(value) {
                throw ValidationError("--\(name) \(value): give \(range.lowerBound) to \(range.upperBound)")
            }
        }
        if let imageSize, !imageSize.isMultiple(of: 32) {
            throw ValidationError("--image-size \(imageSize): give a multiple of 32")
        }
        if let parameterBits, ![16, 32].contains(parameterBits) {
            throw ValidationError("--parameter-bits \(parameterBits): give 32 or 16")
        }
        guard [8, 16, 32].contains(firstOrderBits) else {
            throw ValidationError("--first-order-bits \(firstOrderBits): give 32, 16 or 8")
        }
        if let fits, !(fits > 0 && fits <= 1e6) { throw ValidationError("--fits \(fits): give 0 to 1000000 GiB") }
    }

    func run() throws {
        let name: ModelName = try word(model, option: "--model")
        let rule: FirstOrderRule = try word(optimizer, option: "--optimizer")
        if !name.readsImages, classes != nil || imageSize != nil {
            throw StatusError.usage("--classes and --image-size: \(model) reads tokens")
        }
        let setup = MemorySetup(
            firstOrder: FirstOrderMemory(valueCount: rule.valueCount, bits: firstOrderBits),
            parameterBits: parameterBits ?? (name.readsImages ? 32 : 16),
            preconditioning: try shampoo.preconditioning(defaults: .init()),
            preconditionsVocabulary: preconditionVocabulary)
        let shapes = name.shapes(
            classes: classes ?? name.publishedClasses, imageSize: imageSize ?? name.publishedImageSize)
        try output.requireWritable()
        let bytes = shapes.layers.map { MemoryBreakdown(of: $0, setup) }
        let total = bytes.reduce(MemoryBreakdown(), +)
        var table = MemoryTable(model: model)
        if perLayer { for (layer, bytes) in zip(shapes.layers, bytes) { table.add(layer, bytes) } }
        table.addTotal(
            parameterCount: shapes.parameterCount, total, published: published(name, setup), fit: try fit(shapes, total))
        try output.write(json ? try table.json() : table.csv)
    }

    /// The published figure, where classes, images and tables are those of the published run.
    private func published(_ name: ModelName, _ setup: MemorySetup) -> Double? {
        guard let (schedule, scheme) = setup.preconditioning, !setup.preconditionsVocabulary,
            classes ?? name.publishedClasses == name.publishedClasses,
            imageSize ?? name.publishedImageSize == name.publishedImageSize
        else { return nil }
        return PublishedMemory.of(name).megabytes(schedule, scheme)
    }

    private func fit(_ shapes: ModelShapes, _ total: MemoryBreakdown) throws -> MemoryFit? {
        guard fits != nil || batchSize != nil else { return nil }
        guard let activations = shapes.activations else {
            let modelled = ModelName.allCases.filter { $0.shapes(classes: 100, imageSize: 32).activations != nil }
            throw StatusError.usage(
                "--\(fits == nil ? "batch-size" : "fits"): the activations of \(model) are not modelled, "
                    + "only those of " + modelled.map(\.rawValue).joined(separator: ", "))
        }
        guard parameterBits ?? 16 == 16 else {
            throw StatusError.usage("--parameter-bits 32: activations are modelled for bfloat16 only")
        }
        return MemoryFit(
            activations, parameterCount: shapes.parameterCount, total, context: context, batchSize: batchSize,
            limit: fits.map { Int($0 * 0x1p30) })
    }
}
