import ArgumentParser
import Compute
import Files
import Foundation
import HDF5Store
import MatrixCore
import Optimizers

/// A recorded stream of gradients put through an optimizer.
struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Feed recorded gradients to an optimizer and write the parameters it makes of them.",
        discussion: """
            The trace holds /initial/<name> and /gradients/<name> (step first) and, as attributes, steps, kept_steps, \
            statistics_interval, root_interval, decay, damping, momentum, learning_rate_<optimizer> and \
            weight_decay_<optimizer>, or learning_rate and weight_decay for every rule without its own; options replace \
            attributes. For preconditioners of layers it also holds /inputs/<name> and /output_gradients/<name> (steps by \
            inputs or outputs by positions), whose product over the positions is the gradient. Written is /parameters/<name>, kept steps first: the way to hold an optimizer against another \
            implementation.
            """)

    @Argument(help: "HDF5 file with the trace.", completion: .file(extensions: ["h5"]))
    var trace: String

    @OptionGroup(title: "First-order rule") var firstOrder: FirstOrderOptions
    @OptionGroup(title: "Averaging") var averaging: AveragingOptions
    @OptionGroup(title: "Preconditioner") var preconditioner: PreconditionerOptions
    @OptionGroup(title: "Device") var device: DeviceOptions

    @Option(
        help: ArgumentHelp(
            "Arithmetic and output: float32, as training, or float64; coded storages keep what they keep in float32. tf32 and "
                + "bfloat16 are float32 but for products of matrices on a GPU."))
    var precision = Precision.float32

    @Option(help: "Seed of the power iterations' start vectors.")
    var seed: UInt64 = 0

    @Option(name: [.short, .customLong("output")], help: "Output file, HDF5.", completion: .file(extensions: ["h5"]))
    var output: String

    @Flag(help: "Replace an existing output.")
    var force = false

    @Flag(help: "No progress.")
    var quiet = false

    enum Precision: String, CaseIterable, ExpressibleByArgument { case float32, float64, tf32, bfloat16 }

    func run() throws {
        // Options that contradict each other are found before the file is read.
        try firstOrder.check()
        let average = try averaging.choice(over: firstOrder.optimizer)
        _ = try preconditioner.choice()
        try device.check()
        let interruption = Interruption { "nothing was written" }
        defer { withExtendedLifetime(interruption) {} }
        try OutputFile.requireWritable(output, overwrite: force, sparing: [trace])
        switch precision {
        case .float32: try run(average, on: device.backend(of: Float.self))
        case .tf32: try run(average, on: device.backend(of: Float.self, .tf32))
        case .bfloat16: try run(average, on: device.backend(of: Float.self, .bfloat16))
        case .float64: try run(average, on: device.backend(of: Double.self))
        }
    }

    private func run<Backend: NeuralBackend>(_ average: Averaging?, on backend: Backend) throws
    where Backend.Scalar: TraceScalar {
        try Probe.requireSound(trace)
        let source = try GradientTrace(path: trace)
        let name = firstOrder.optimizer
        let values = try firstOrder.values { values in
            preconditioner.method?.definition.adjust(&values)
            values.learningRate = try firstOrder.learningRate ?? source.number("learning_rate", of: name, 0...1e6)
            values.weightDecay = try firstOrder.weightDecay ?? source.number("weight_decay", of: name, 0...1e6)
            if name.definition.options.contains(.momentum) {
                values.momentum = try firstOrder.momentum ?? source.number("momentum", 0...0.9999999)
            }
        }
        let base = try firstOrder.rule(values, on: backend)
        // Without a preconditioner a trace need not have its attributes.
        let choice = try preconditioner.choice { defaults in
            defaults.statisticsInterval = try preconditioner.statisticsInterval ?? source.interval("statistics_interval")
            defaults.rootInterval = try preconditioner.rootInterval ?? source.interval("root_interval")
            defaults.decay = try preconditioner.decay ?? source.number("decay", 0...1)
            defaults.damping = try preconditioner.damping ?? source.number("damping", 1e-30...1e30)
        }
        let configuration = configuration(values, average, choice)
        if let choice, choice.settings.schedule.firstRoot(within: source.steps) == nil {
            Terminal.report(
                "note",
                "no root of an updated statistic is taken within the trace's \(source.steps) steps: the parameters are those "
                    + "of \(name.rawValue) alone; lower --statistics-interval or --root-interval for others")
        }
        var rule = try choice.map { try PreconditionerOptions.rule(base, under: $0) } ?? base
        if let average { rule = rule.averaged(average) }
        try follow(rule, source, configuration, backend)
    }

    /// The values of the options and of the trace's attributes by the options' names.
    private func configuration(
        _ values: FirstOrderHyperparameters, _ average: Averaging?, _ choice: PreconditionerOptions.Choice?
    ) -> [String: ConfigurationValue] {
        var configuration = TrainConfiguration()
        configuration.record("command", "replay")
        configuration.record("source", .text(trace))
        firstOrder.describe(values, in: &configuration)
        AveragingOptions.describe(average, in: &configuration)
        PreconditionerOptions.describe(choice, in: &configuration)
        configuration.set("precision", precision.rawValue)
        configuration.set("seed", seed)
        return configuration.values
    }

    private func follow<Rule: OptimizerRule>(
        _ rule: Rule, _ source: GradientTrace, _ configuration: [String: ConfigurationValue], _ backend: Rule.Backend
    ) throws where Rule.Backend.Scalar: TraceScalar {
        let progress = Progress(total: source.steps, unit: "steps", quiet: quiet)
        defer { progress.clear() }
        try HDF5File.create(at: output, overwriting: force) { writer in
            var course = try ReplayCourse(rule, source, seed: seed, backend)
            for step in 1...source.steps {
                try course.advance(to: step)
                progress.advance(by: 1)
            }
            for (parameter, values) in zip(source.parameters, course.kept) {
                try Rule.Backend.Scalar.write(
                    NumericArray(shape: [source.keptSteps.count] + parameter.shape.dimensions, values: values),
                    to: "parameters/\(parameter.name)", writer)
            }
            for (parameter, state) in zip(source.parameters, course.states) {
                guard let state = rule.preconditionerState(of: state), let preconditioner = rule.preconditioner else {
                    continue
                }
                warn(parameter.name, preconditioner.sides(of: state))
            }
            try writer.setAttribute("kept_steps", to: .integers(source.keptSteps))
            try writer.setProvenance(seed: seed, configuration: configuration)
        }
    }

    /// Failures that the optimizer survived by keeping what it had.
    private func warn<Backend>(_ name: String, _ sides: [PreconditionerSide<Backend>]) {
        for side in sides {
            guard let reason = side.record.lastFailure else { continue }
            Terminal.report(
                "warning",
                "\(name), \(side.place): \(side.record.statisticFailures) statistics and \(side.record.rootFailures) roots "
                    + "failed and were kept as before; the last one: \(reason)")
        }
    }
}
