import ArgumentParser
import CPUBackend
import CUDABackend
import Compute
import NeuralNetworks
import Optimizers
import Training

/// A network trained with 32-bit or coded Shampoo, or without.
struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a network with 32-bit or coded Shampoo and dump its preconditioners.",
        discussion: """
            With --recipe NAME the settings of a published experiment hold where no option says otherwise; 'fourthroot recipes' \
            lists them. The log has a row a step: loss and accuracy of its batch, times since the start, bytes of the optimizer's real \
            buffers; evaluations and, with --shadow, errors of the roots fill further columns. What cannot be written \
            while training goes on (a full disk) is reported and tried again; where something is missing in the end, the \
            run ends with status 74 and says what. Numbers that are not finite end it with status 65 after a checkpoint; an \
            interruption with 75 after a checkpoint, if there is a folder for it; a device that fails with 75, too, and the \
            checkpoints before it go on here or on another device.
            """)

    @Option(
        help: ArgumentHelp(
            "A published experiment by its name ('fourthroot recipes' lists them), or a file of your own: options beside it win.",
            valueName: "name"),
        completion: .list(RecipeTable.names))
    var recipe: String?

    @OptionGroup(title: "Network") var network: NetworkOptions
    @OptionGroup(title: "Data") var data: DataOptions
    @OptionGroup(title: "First-order rule") var firstOrder: FirstOrderOptions
    @OptionGroup(title: "Averaging") var averaging: AveragingOptions
    @OptionGroup(title: "Preconditioner") var preconditioner: PreconditionerOptions
    @OptionGroup(title: "Preconditioner") var storagePlan: StoragePlanOptions
    @OptionGroup(title: "Preconditioner") var vocabulary: VocabularyOptions
    @OptionGroup(title: "Course") var course: CourseOptions
    @OptionGroup(title: "Records") var records: RecordOptions
    @OptionGroup(title: "Device") var device: DeviceOptions

    @Option(help: "Products of matrices on a GPU: float32, tf32 or bfloat16. All else is float32.")
    var precision = ProductPrecision.float32

    @Flag(help: "No progress and no summary.")
    var quiet = false

    /// What contradicts itself, found before anything is read.
    func check() throws {
        // Not `validate()`: the parser would wrap these errors in its own.
        try device.check(precision)
        try network.check()
        try data.check()
        try course.check()
        try records.check()
        try firstOrder.check()
        _ = try averaging.choice(over: firstOrder.optimizer)
        let hasPreconditioner = try preconditioner.choice(hasPlan: storagePlan.isGiven) != nil
        try vocabulary.check(readsTokens: network.model.readsTokens, hasPreconditioner: hasPreconditioner)
        if !hasPreconditioner,
            let option = records.optionForPreconditioners ?? course.optionForPreconditioners
        {
            throw StatusError.usage("--\(option) needs preconditioners: give --preconditioner shampoo or a storage")
        }
    }

    func run() throws { try run(nil) }

    /// - Parameter recipe: from where some of the options come.
    func run(_ recipe: RecipeUse?) throws {
        try check()
        try run(recipe, on: device.backend(of: Float.self, precision))
    }

    private func run<Backend: NeuralBackend>(
        _ recipe: RecipeUse?, on backend: Backend
    ) throws where Backend.Scalar == Float {
        try records.requireWritable(
            sparing: [data.path, storagePlan.storagePlan, self.recipe].compactMap(\.self))
        let dataSet = try data.open(for: network, batchSize: course.batchSize, seed: course.seed)
        let model = try network.network(for: dataSet.description, on: backend)
        let batches = dataSet.batchesPerEpoch(batchSize: course.batchSize)
        let steps = course.steps(batchesPerEpoch: batches)
        var (preconditioner, course) = (preconditioner, course)
        recipe?.scale(&preconditioner, &course, to: steps, batchesPerEpoch: batches)
        let defaults = ResolvedDefaults(network.model.definition.training, steps: steps, resuming: records)
        let values = try firstOrder.values {
            defaults.adjust(&$0, of: firstOrder.optimizer)
            preconditioner.method?.definition.adjust(&$0)
        }
        let adjust = { [preconditioner] (own: inout PreconditionerDefaults) in defaults.adjust(&own, preconditioner) }
        let keepsStatistics = records.dump != nil
        let preconditionsVocabulary = vocabulary.preconditionVocabulary ?? true
        let preconditioned = model.parameters.enumerated().filter { index, parameter in
            parameter.shape.isMatrix && (preconditionsVocabulary || !model.vocabularyParameters.contains(index))
        }
        let choice = try storagePlan.applied(
            to: preconditioner.choice(hasPlan: storagePlan.isGiven, keepsUncodedStatistics: keepsStatistics, adjust),
            preconditioner, parameters: preconditioned.map(\.element.name),
            keepsUncodedStatistics: keepsStatistics, adjust)
        let settings = course.settings(
            steps: steps, batchesPerEpoch: batches, preconditionsVocabulary: preconditionsVocabulary,
            followsShadow: records.shadow, defaults)
        let configuration = try configuration(values, choice, settings, dataSet, recipe)
        let base = try firstOrder.rule(values, on: backend)
        let ahead = PrefetchedDataSet(dataSet, lastStep: steps)
        ProcessMemory.keepFreed()
        var rule = try choice.map { try PreconditionerOptions.rule(base, under: $0) } ?? base
        if let average = try averaging.choice(over: firstOrder.optimizer) { rule = rule.averaged(average) }
        if !quiet { recipe?.announce() }
        try run(model, rule, ahead, settings, configuration, on: backend)
    }

    private func run<Model: Network, Rule: OptimizerRule>(
        _ model: Model, _ rule: Rule, _ dataSet: any DataSet, _ settings: TrainingSettings,
        _ resolved: TrainConfiguration, on backend: Model.Backend
    ) throws where Rule.Backend == Model.Backend, Model.Backend.Scalar == Float {
        let steps = settings.schedule.steps
        var trainer = try Trainer(network: model, rule: rule, data: dataSet, settings: settings, backend)
        let configuration = try resolved.run(rule)
        try records.check(steps: steps, parameters: trainer.preconditionedParameters)
        try requireMatrices(of: trainer)
        if let schedule = rule.preconditioner?.schedule {
            try requireRoot(schedule, within: steps, optimizer: firstOrder.optimizer.rawValue)
        }
        let runRecords = try RunRecords(records, configuration, groups: trainer.shadowGroups)
        try runRecords.begin(&trainer, seed: course.seed)
        if !quiet {
            for line in resolved.lines { Terminal.report("settings", line) }
            announce(runRecords.dump, of: trainer, steps: steps)
        }
        if trainer.step >= steps {
            Terminal.report(
                "note", "the checkpoint is of step \(trainer.step), and the run ends at step \(steps): nothing to do")
        }
        if let lost = runRecords.log.lost {
            Terminal.report("note", "\(runRecords.log.path) has no rows of the steps \(lost.lowerBound) to \(lost.upperBound)")
        }
        var intervals = records.intervals
        intervals.validation = course.validateEvery
        // Given away: a copy that stays here would keep the first numbers in memory for the whole run.
        var session = TrainSession(
            run: TrainingRun(
                consume trainer, steps: steps, intervals: intervals, log: runRecords.log, dump: runRecords.dump,
                checkpoints: runRecords.checkpoints),
            steps: steps, records: records, configuration: configuration, isQuiet: quiet)
        try session.train()
    }

    /// Of records that would stay empty.
    private func requireMatrices<Model: Network, Rule: OptimizerRule>(
        of trainer: Trainer<Model, Rule>
    ) throws(StatusError) where Rule.Backend == Model.Backend {
        let method = preconditioner.method?.rawValue ?? "the preconditioner"
        if records.dump != nil && !trainer.hasSides {
            throw StatusError.usage("--dump: \(method) keeps no matrices that could be dumped")
        }
        if records.shadow && !trainer.hasShadows {
            throw StatusError.usage("--shadow: \(method) has no statistics to follow in full precision")
        }
    }

    /// What a run that goes on must share with the one that it continues.
    private func configuration(
        _ values: FirstOrderHyperparameters, _ choice: PreconditionerOptions.Choice?, _ settings: TrainingSettings,
        _ dataSet: any DataSet, _ recipe: RecipeUse?
    ) throws -> TrainConfiguration {
        var configuration = TrainConfiguration()
        configuration.record("command", "train")
        recipe?.describe(in: &configuration)
        network.describe(dataSet.description, in: &configuration)
        data.describe(dataSet, in: &configuration)
        firstOrder.describe(values, in: &configuration)
        AveragingOptions.describe(try averaging.choice(over: firstOrder.optimizer), in: &configuration)
        PreconditionerOptions.describe(choice, plan: storagePlan.storagePlan, in: &configuration)
        // Versions without a choice wrote nothing of it.
        if !settings.preconditionsVocabulary {
            configuration.set("precondition-vocabulary", false, off: "--no-precondition-vocabulary")
        }
        CourseOptions.describe(settings, in: &configuration)
        device.describe(in: &configuration, precision)
        return configuration
    }

    /// How large a dump will be, while there is time to choose another.
    private func announce<Model: Network, Rule: OptimizerRule>(
        _ dump: PreconditionerDump?, of trainer: Trainer<Model, Rule>, steps: Int
    ) {
        guard let dump, let interval = records.dumpEvery else { return }
        let dumps = steps / interval - trainer.step / interval
        if dumps == 0 { return }
        let (matrices, bytes) = dump.content(of: trainer)
        let megabytes = String(format: "%.1f", Double(dumps * bytes) / 1e6)
        Terminal.report(
            "note",
            "\(dump.path) will get \(counted(dumps, trainer.step == 0 ? "step" : "more step")) of \(matrices) matrices, \(megabytes) MB before they are compressed; "
                + "--dump-parameter chooses some of them")
    }
}
