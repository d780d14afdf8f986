import ArgumentParser
import CPUBackend
import Foundation
import HDF5Store
import LinearAlgebra
import MatrixStudy
import NeuralNetworks
import Optimizers
import Synchronization
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
            interruption with 75 after a checkpoint, if there is a folder for it.
            """)

    @OptionGroup(title: "Network") var network: NetworkOptions
    @OptionGroup(title: "Data") var data: DataOptions
    @OptionGroup(title: "First-order rule") var firstOrder: FirstOrderOptions
    @OptionGroup(title: "Preconditioner") var shampoo: ShampooOptions
    @OptionGroup(title: "Course") var course: CourseOptions
    @OptionGroup(title: "Records") var records: RecordOptions

    @Option(help: "cpu; cuda is not available yet.")
    var device = "cpu"

    @Option(help: "Threads (default: as many as there are cores). Another number gives other roundings.")
    var threads: Int?

    @Flag(help: "No progress and no summary.")
    var quiet = false

    /// Not `validate()`: the parser would wrap these errors in its own.
    private func check() throws {
        guard device == "cpu" else {
            throw StatusError.usage("--device \(device): only cpu is available (see 'fourthroot devices')")
        }
        if let threads, threads < 1 {
            throw StatusError.usage("--threads \(threads): it must be at least 1")
        }
        try course.check()
        try records.check()
    }

    func run() throws {
        try check()
        let base = try firstOrder.rule(as: Float.self)
        let preconditioning = try shampoo.preconditioning(
            defaults: .init(), keepsUncodedStatistics: records.dump != nil)
        if preconditioning == nil, let option = records.optionForPreconditioners ?? course.optionForPreconditioners {
            throw StatusError.usage("--\(option) needs preconditioners: give --preconditioner shampoo or a storage")
        }
        try records.requireWritable()
        let dataSet = try data.open(for: network, batchSize: course.batchSize, seed: course.seed)
        let model = try network.network(for: dataSet.description)
        OpenBLAS.setThreadCount(1)
        ProcessMemory.keepFreed()
        guard let preconditioning else { return try run(model, base, dataSet) }
        try run(model, shampoo: base, preconditioning, dataSet)
    }

    private func run<Base: OptimizerRule>(
        _ model: any Network<CPUBackend<Float>>, shampoo base: Base, _ preconditioning: ShampooOptions.Choice,
        _ dataSet: any DataSet
    ) throws where Base.Backend == CPUBackend<Float> {
        try run(
            model, Shampoo(base: base, schedule: preconditioning.schedule, scheme: preconditioning.scheme), dataSet)
    }

    private func run<Model: Network, Rule: OptimizerRule>(
        _ model: Model, _ rule: Rule, _ dataSet: any DataSet
    ) throws where Model.Backend == CPUBackend<Float>, Rule.Backend == CPUBackend<Float> {
        let threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
        let steps = course.steps(batchesPerEpoch: dataSet.batchesPerEpoch(batchSize: course.batchSize))
        let settings = try course.settings(steps: steps, followsShadow: records.shadow)
        var trainer = try Trainer(
            network: model, rule: rule, data: dataSet, settings: settings, CPUBackend<Float>(threads: threads))
        let configuration = try configuration(rule, settings, dataSet, threads: threads)
        try records.check(
            steps: steps,
            parameters: rule.preconditioning == nil ? [] : model.parameters.filter(\.shape.isMatrix).map(\.name))
        if let schedule = rule.preconditioning?.schedule {
            try requireRoot(schedule, within: steps, optimizer: firstOrder.optimizer)
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
        var session = TrainSession(
            run: TrainingRun(
                trainer, steps: steps, intervals: intervals, log: runRecords.log, dump: runRecords.dump,
                checkpoints: runRecords.checkpoints),
            steps: steps, records: records, configuration: configuration, isQuiet: quiet)
        try session.train()
    }

    /// What a run that goes on must share with the one that it continues.
    private func configuration<Rule: OptimizerRule>(
        _ rule: Rule, _ settings: TrainingSettings, _ dataSet: any DataSet, threads: Int
    ) throws -> TrainConfiguration {
        var configuration = TrainConfiguration()
        network.describe(in: &configuration)
        data.describe(in: &configuration)
        configuration.set("data", dataSet.fingerprint)
        try configuration.set("optimizer", properties: rule)
        configuration.set("optimizer", firstOrder.optimizer)
        configuration.set("batch-size", settings.batchSize)
        configuration.set("seed", settings.seed)
        configuration.set("label-smoothing", settings.labelSmoothing)
        configuration.set("schedule", settings.schedule.course.rawValue)
        configuration.set("warm-up", settings.schedule.warmUpSteps)
        // A constant learning rate does not depend on how long the training is to be.
        if settings.schedule.course != .constant { configuration.set("steps", settings.schedule.steps) }
        configuration.set("shadow", settings.followsShadow)
        configuration.set("threads", threads)
        return configuration
    }
}
