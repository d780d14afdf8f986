import ArgumentParser
import Optimizers
import Preconditioning
import Training

/// The bytes of a training, counted without it.
struct Memory: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Count the bytes of parameters, gradients and optimizer states without training.",
        discussion: """
            Statistics and roots are counted to the byte as the optimizer keeps them. A network that train trains is counted \
            as its log says: the column optimizer is optimizer_state_bytes. Beside an architecture of published runs stands \
            what those took, where the settings are theirs; published language models train in bfloat16 by default, and \
            their tables of tokens have no preconditioners, as published.
            """)

    @OptionGroup(title: "Model") var model: MemoryModel

    @Option(help: "First-order rule.")
    var optimizer: FirstOrderName

    @OptionGroup(title: "Averaging") var averaging: AveragingOptions
    @OptionGroup(title: "Preconditioner") var preconditioner: PreconditionerOptions
    @OptionGroup(title: "Preconditioner") var storagePlan: StoragePlanOptions
    @OptionGroup(title: "Preconditioner") var vocabulary: VocabularyOptions

    @Option(
        help: "Bits of parameters and gradients: 32 or 16 (default: 16 for published language models, 32 for others).",
        completion: .list(["32", "16"]))
    var parameterBits: Int?

    @Option(
        name: [.long, .customLong("moment-bits")],
        help: ArgumentHelp(
            "Bits of the first-order state: 32, 8 or 4 as train keeps it, or 16 (default: 32; adamw-8bit has 8)."),
        completion: .list(["32", "16", "8", "4"]))
    var firstOrderBits: Int?

    @Flag(help: "One row a parameter before the row of the whole model.")
    var perLayer = false

    @Option(help: "Memory of the device in GiB: adds the largest batch that fits.")
    var fits: Double?

    @Option(help: "Sequences a step, of --context tokens: adds their activations.")
    var batchSize: Int?

    @Flag(help: "One JSON text instead of a table.")
    var json = false

    @OptionGroup var table: TableOptions

    func validate() throws {
        if let batchSize, !(1...1_000_000).contains(batchSize) {
            throw ValidationError("--batch-size \(batchSize): give 1 to 1000000")
        }
        if let parameterBits, ![16, 32].contains(parameterBits) {
            throw ValidationError("--parameter-bits \(parameterBits): give 32 or 16")
        }
        if let firstOrderBits, ![4, 8, 16, 32].contains(firstOrderBits) {
            throw ValidationError("--first-order-bits \(firstOrderBits): give 32, 16, 8 or 4")
        }
        if let fits, !(fits > 0 && fits <= 1e6) { throw ValidationError("--fits \(fits): give 0 to 1000000 GiB") }
    }

    func run() throws {
        let start = ContinuousClock.now
        let published = try model.publishedName()
        let counted = try model.counted(published)
        let preconditionsVocabulary = vocabulary.preconditionVocabulary ?? (published == nil)
        let choice = try storagePlan.applied(
            to: preconditioner.choice(hasPlan: storagePlan.isGiven), preconditioner,
            parameters: counted.parameters.filter { $0.shape.isMatrix && (preconditionsVocabulary || !$0.isVocabulary) }.map(
                \.name))
        let settings = choice?.settings
        try requireKnownBytes(settings)
        try vocabulary.check(readsTokens: model.readsTokens(published), hasPreconditioner: choice != nil)
        try [
            OptionRule("format", table.format != nil, appliesIf: !json, needs: "no --json beside it"),
            OptionRule(
                "context", model.sizes.context != nil, appliesIf: published == nil || fits != nil || batchSize != nil,
                needs: "--batch-size or --fits, or gpt"),
            // A state of 16 bits is that of a training in bfloat16, which any rule may have.
            OptionRule(
                "moment-bits", [4, 8].contains(firstOrderBits),
                appliesIf: optimizer.definition.options.contains(.momentBits),
                needs: "a rule whose moments can be coded, which \(optimizer.rawValue) is not; give 32 or 16"),
        ].check()
        let average = try averaging.choice(over: optimizer)
        let setup = MemorySetup(
            firstOrder: FirstOrderMemory(
                optimizer.definition, bits: firstOrderBits ?? optimizer.definition.defaults.momentBits.rawValue,
                isAveraged: average != nil),
            parameterBits: parameterBits ?? (published?.readsImages == false ? 16 : 32),
            preconditioning: settings, by: choice?.name.definition ?? Shampoo.self,
            preconditionsVocabulary: preconditionsVocabulary)
        try requireWritable()
        let bytes = counted.parameters.map { MemoryBreakdown(of: $0, setup) }
        let total = bytes.reduce(MemoryBreakdown(), +)
        var breakdown = MemoryTable(model: model.model)
        if perLayer { for (parameter, bytes) in zip(counted.parameters, bytes) { breakdown.add(parameter, bytes) } }
        breakdown.addTotal(
            parameterCount: counted.parameterCount, total, published: publishedMegabytes(published, setup),
            fit: try fit(counted, total, setup, context: model.context(published)))
        if json {
            try table.output.write(breakdown.json())
        } else {
            try table.write(breakdown.fields, of: TableDescription.memory.columns, since: start)
        }
    }

    /// Fails before anything is counted where the output cannot be made, of which JSON needs no program.
    private func requireWritable() throws {
        let inputs = [storagePlan.storagePlan].compactMap(\.self)
        if json { try table.output.requireWritable(sparing: inputs) } else { try table.requireWritable(sparing: inputs) }
    }

    /// Bytes that depend on the matrices are counted by their budget.
    private func requireKnownBytes(_ settings: PreconditionerSettings?) throws(StatusError) {
        guard let settings else { return }
        let goals = ([settings.scheme] + settings.schemes.values).flatMap { scheme in
            [scheme.statistic.settings.deflation, scheme.root.settings.deflation].compactMap(\.self)
        }
        let isByError = goals.contains { goal in
            if case .error = goal.target { true } else { false }
        }
        guard isByError else { return }
        throw .usage(
            "the bytes that \(StatisticKind.names(where: \.hasVariableLength)) takes for an error depend on the matrices; give "
                + "--bits-per-entry, whose bytes are the most that it takes, or train and see preconditioner_bytes in the log")
    }

    /// The published figure, where classes, images and tables are those of the published run.
    private func publishedMegabytes(_ name: PublishedModel?, _ setup: MemorySetup) -> Double? {
        guard let name, let settings = setup.preconditioning, setup.method == Shampoo.self, !setup.preconditionsVocabulary,
            model.isAsPublished(name)
        else { return nil }
        return name.run.megabytes(settings)
    }

    private func fit(
        _ counted: CountedModel, _ total: MemoryBreakdown, _ setup: MemorySetup, context: Int
    ) throws -> MemoryFit? {
        guard fits != nil || batchSize != nil else { return nil }
        guard let activations = counted.activations else {
            let modelled = PublishedModel.allCases.filter(\.modelsActivations)
            throw StatusError.usage(
                "--\(fits == nil ? "batch-size" : "fits"): the activations of \(model.model) are not modelled, "
                    + "only those of gpt, " + modelled.map(\.rawValue).joined(separator: ", "))
        }
        guard setup.parameterBits == activations.parameterBits else {
            throw StatusError.usage(
                "--parameter-bits \(setup.parameterBits): the activations of \(model.model) are modelled for "
                    + "\(activations.parameterBits) bits only")
        }
        return MemoryFit(
            activations, parameterCount: counted.parameterCount, total, context: context, batchSize: batchSize,
            limit: fits.map { Int($0 * 0x1p30) })
    }
}
