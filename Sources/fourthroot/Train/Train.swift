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
            The log has a row a step: loss and accuracy of its batch, times since the start, bytes of the optimizer's real \
            buffers; evaluations and, with --shadow, errors of the roots fill further columns. What cannot be written \
            while training goes on (a full disk) is reported and tried again; where something is missing in the end, the \
            run ends with status 74 and says what. Numbers that are not finite end it with status 65 after a checkpoint; an \
            interruption with 75 after a checkpoint, if there is a folder for it; a device that fails with 75, too, and the \
            checkpoints before it go on here or on another device.
            """)

    @OptionGroup(title: "Network") var network: NetworkOptions
    @OptionGroup(title: "Data") var data: DataOptions
    @OptionGroup(title: "First-order rule") var firstOrder: FirstOrderOptions
    @OptionGroup(title: "Preconditioner") var preconditioner: PreconditionerOptions
    @OptionGroup(title: "Course") var course: CourseOptions
    @OptionGroup(title: "Records") var records: RecordOptions
    @OptionGroup(title: "Device") var device: DeviceOptions

    @Option(help: "Products of matrices on a GPU: float32, tf32 or bfloat16. All else is float32.")
    var precision = ProductPrecision.float32

    @Flag(help: "No progress and no summary.")
    var quiet = false

    func run() throws {
        // Not `validate()`: the parser would wrap these errors in its own.
        try device.check()
        try course.check()
        try records.check()
        let choice = try preconditioner.choice(keepsUncodedStatistics: records.dump != nil)
        if choice == nil, let option = records.optionForPreconditioners ?? course.optionForPreconditioners {
            throw StatusError.usage("--\(option) needs preconditioners: give --preconditioner shampoo or a storage")
        }
        try run(choice, on: device.backend(of: Float.self, precision))
    }

    private func run<Backend: NeuralBackend>(
        _ choice: PreconditionerOptions.Choice?, on backend: Backend
    ) throws where Backend.Scalar == Float {
        let base = try firstOrder.rule(on: backend)
        try records.requireWritable()
        let dataSet = try data.open(for: network, batchSize: course.batchSize, seed: course.seed)
        let model = try network.network(for: dataSet.description, on: backend)
        ProcessMemory.keepFreed()
        guard let choice else { return try run(model, base, dataSet, on: backend) }
        try run(model, choice.name.definition.preconditioned(base, choice.settings), dataSet, on: backend)
    }

    private func run<Model: Network, Rule: OptimizerRule>(
        _ model: Model, _ rule: Rule, _ dataSet: any DataSet, on backend: Model.Backend
    ) throws where Rule.Backend == Model.Backend, Model.Backend.Scalar == Float {
        let steps = course.steps(batchesPerEpoch: dataSet.batchesPerEpoch(batchSize: course.batchSize))
        let settings = course.settings(steps: steps, followsShadow: records.shadow)
        var trainer = try Trainer(network: model, rule: rule, data: dataSet, settings: settings, backend)
        let configuration = try configuration(rule, settings, dataSet)
        try records.check(steps: steps, parameters: trainer.preconditionedParameters)
        if let schedule = rule.preconditioner?.schedule {
            try requireRoot(schedule, within: steps, optimizer: firstOrder.optimizer.rawValue)
        }
        let runRecords = try RunRecords(records, configuration, groups: trainer.shadowGroups)
        try runRecords.begin(&trainer, seed: course.seed)
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

    /// What a run that goes on must share with the one that it continues.
    private func configuration<Rule: OptimizerRule>(
        _ rule: Rule, _ settings: TrainingSettings, _ dataSet: any DataSet
    ) throws -> TrainConfiguration {
        var configuration = TrainConfiguration()
        network.describe(in: &configuration)
        data.describe(in: &configuration)
        configuration.set("data", dataSet.fingerprint)
        try configuration.set("optimizer", properties: rule)
        configuration.set("optimizer", firstOrder.optimizer.rawValue)
        configuration.set("batch-size", settings.batchSize)
        configuration.set("seed", settings.seed)
        configuration.set("label-smoothing", settings.labelSmoothing)
        configuration.set("schedule", settings.schedule.course.rawValue)
        configuration.set("warm-up", settings.schedule.warmUpSteps)
        // A constant learning rate does not depend on how long the training is to be.
        if settings.schedule.course != .constant { configuration.set("steps", settings.schedule.steps) }
        configuration.set("shadow", settings.followsShadow)
        device.describe(in: &configuration, precision)
        return configuration
    }
}
