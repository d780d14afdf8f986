import ArgumentParser
import CPUBackend
import CUDABackend
import Compute
import Files
import NeuralNetworks
import Optimizers
import Training

/// Steps of a training, which leaves nothing behind.
struct BenchmarkTrain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Time the steps of a training.",
        discussion: """
            A row each for the kinds of steps that there are behind the warm-up: step, statistics_step, where statistics take \
            the gradient too, and root_step, where roots are taken.
            """)

    @OptionGroup(title: "Network") var network: NetworkOptions
    @OptionGroup(title: "Data") var data: DataOptions
    @OptionGroup(title: "First-order rule") var firstOrder: FirstOrderOptions
    @OptionGroup(title: "Preconditioner") var preconditioner: PreconditionerOptions
    @OptionGroup(title: "Device") var device: DeviceOptions

    @Option(help: "Products of matrices on a GPU: float32, tf32 or bfloat16. All else is float32.")
    var precision = ProductPrecision.float32

    @Option(help: "Samples of a batch.")
    var batchSize = 128

    @Option(help: "Steps that are timed.")
    var steps = 20

    @Option(help: "Steps before them.")
    var warmUpSteps = 5

    @Option(help: "Seed of parameters, shuffling, dropout and power iterations.")
    var seed: UInt64 = 0

    @OptionGroup var table: TableOptions

    func run() throws {
        for (name, value, least) in [("batch-size", batchSize, 1), ("steps", steps, 1), ("warm-up-steps", warmUpSteps, 0)] {
            guard (least...1_000_000_000).contains(value) else {
                throw StatusError.usage("--\(name) \(value): it must be from \(least) to 1000000000")
            }
        }
        try device.check()
        let choice = try preconditioner.choice()
        try table.requireWritable()
        let start = ContinuousClock.now
        let timings = try timings(choice, on: device.backend(of: Float.self, precision))
        try table.write(timings, of: .benchmarkTrain, since: start)
    }

    private func timings<Backend: NeuralBackend>(
        _ choice: PreconditionerOptions.Choice?, on backend: Backend
    ) throws -> [Timing] where Backend.Scalar == Float {
        let base = try firstOrder.rule(firstOrder.values(), on: backend)
        let dataSet = try data.open(for: network, batchSize: batchSize, seed: seed)
        let model = try network.network(for: dataSet.description, on: backend)
        ProcessMemory.keepFreed()
        guard let choice else { return try timings(model, base, dataSet, backend) }
        return try timings(model, PreconditionerOptions.rule(base, under: choice), dataSet, backend)
    }

    private func timings<Model: Network, Rule: OptimizerRule>(
        _ model: Model, _ rule: Rule, _ dataSet: any DataSet, _ backend: Model.Backend
    ) throws -> [Timing] where Rule.Backend == Model.Backend, Model.Backend.Scalar == Float {
        let settings = TrainingSettings(
            batchSize: batchSize,
            schedule: LearningRateSchedule(.constant, warmUpSteps: 0, steps: warmUpSteps + steps), seed: seed)
        var trainer = try Trainer(network: model, rule: rule, data: dataSet, settings: settings, backend)
        var timings = [Timing("step"), Timing("statistics_step"), Timing("root_step")]
        for number in 1...warmUpSteps + steps {
            let seconds = try backend.seconds {
                if let failure = try trainer.advance().failure { throw failure }
            }
            let step = OptimizerStep(number)
            let schedule = rule.preconditioner?.schedule
            let kind = schedule?.takesRoots(at: step) == true ? 2 : schedule?.takesStatistics(at: step) == true ? 1 : 0
            if number > warmUpSteps { timings[kind].seconds.append(seconds) }
        }
        return timings.filter { !$0.seconds.isEmpty }.map { timing in
            var timing = timing
            timing.values = [
                "samples_per_second": "\(Double(batchSize) / timing.median)",
                "optimizer_state_bytes": "\(trainer.optimizerStateBytes)",
                "preconditioner_bytes": "\(trainer.preconditionerBytes)", "peak_resident_bytes": "\(peakResidentBytes())",
            ]
            timing.values["peak_device_bytes"] = trainer.peakDeviceBytes.map { "\($0)" }
            return timing
        }
    }
}
