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
        _ = try preconditioner.choice()
        try device.check()
        let interruption = Interruption { "nothing was written" }
        defer { withExtendedLifetime(interruption) {} }
        try OutputFile.requireWritable(output, overwrite: force, sparing: [trace])
        switch precision {
        case .float32: try run(on: device.backend(of: Float.self))
        case .tf32: try run(on: device.backend(of: Float.self, .tf32))
        case .bfloat16: try run(on: device.backend(of: Float.self, .bfloat16))
        case .float64: try run(on: device.backend(of: Double.self))
        }
    }

    private func run<Backend: NeuralBackend>(on backend: Backend) throws where Backend.Scalar: TraceScalar {
        try Probe.requireSound(trace)
        let source = try GradientTrace(path: trace)
        let name = firstOrder.optimizer
        let values = try firstOrder.values { values in
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
        let configuration = configuration(values, choice)
        guard let choice else { return try follow(base, source, configuration, backend) }
        if choice.settings.schedule.firstRoot(within: source.steps) == nil {
            Terminal.report(
                "note",
                "no root of an updated statistic is taken within the trace's \(source.steps) steps: the parameters are those "
                    + "of \(name.rawValue) alone; lower --statistics-interval or --root-interval for others")
        }
        try follow(choice.name.definition.preconditioned(base, choice.settings), source, configuration, backend)
    }

    /// The values of the options and of the trace's attributes by the options' names.
    private func configuration(
        _ values: FirstOrderHyperparameters, _ choice: PreconditionerOptions.Choice?
    ) -> [String: ConfigurationValue] {
        var configuration = TrainConfiguration()
        configuration.record("command", "replay")
        configuration.record("source", .text(trace))
        firstOrder.describe(values, in: &configuration)
        PreconditionerOptions.describe(choice, in: &configuration)
        configuration.set("precision", precision.rawValue)
        configuration.set("seed", seed)
        return configuration.values
    }

    private func follow<Rule: OptimizerRule>(
        _ rule: Rule, _ source: GradientTrace, _ configuration: [String: ConfigurationValue], _ backend: Rule.Backend
    ) throws where Rule.Backend.Scalar: TraceScalar {
        let progress = Progress(total: source.steps * source.parameters.count, unit: "steps", quiet: quiet)
        defer { progress.clear() }
        try HDF5File.create(at: output, overwriting: force) { writer in
            for (index, parameter) in source.parameters.enumerated() {
                let kept = try keptParameters(
                    parameter, rule, source, PhiloxGenerator(seed: seed, stream: UInt64(index)), progress, backend)
                try Rule.Backend.Scalar.write(
                    NumericArray(shape: [source.keptSteps.count] + parameter.shape.dimensions, values: kept),
                    to: "parameters/\(parameter.name)", writer)
            }
            try writer.setAttribute("kept_steps", to: .integers(source.keptSteps))
            try writer.setProvenance(seed: seed, configuration: configuration)
        }
    }

    /// One parameter through all steps; its values at the kept ones, one after another in row-major order.
    private func keptParameters<Rule: OptimizerRule>(
        _ parameter: GradientTrace.Parameter, _ rule: Rule, _ source: GradientTrace, _ generator: PhiloxGenerator,
        _ progress: Progress, _ backend: Rule.Backend
    ) throws -> [Rule.Backend.Scalar] where Rule.Backend.Scalar: TraceScalar {
        var generator = generator
        var value = backend.tensor(try source.initial(parameter))
        var state = try rule.initialState(for: parameter.shape, using: &generator, backend)
        var kept: [Rule.Backend.Scalar] = []
        for number in 1...source.steps {
            let step = OptimizerStep(number)
            let gradient = backend.tensor(try source.gradient(parameter, step: number))
            let wantsFactors =
                rule.preconditionerState(of: state) != nil && rule.preconditioner?.wantsFactors(at: step) == true
            let factors = wantsFactors ? [try factors(of: parameter, step, source, backend)] : []
            do {
                try rule.update(&value, gradient: gradient, factors: factors, state: &state, step: step, backend)
            } catch {
                throw StatusError(
                    status: .wrongData,
                    description: "\(trace): gradients/\(parameter.name), step \(number): \(error); scale the gradients down")
            }
            if source.keptSteps.contains(number) {
                let point = rule.evaluationPoint(of: value, state: state, backend) ?? value
                kept += backend.matrix(point).transposed.elements
            }
            progress.advance(by: 1)
        }
        if let state = rule.preconditionerState(of: state), let preconditioner = rule.preconditioner {
            warn(parameter.name, preconditioner.sides(of: state))
        }
        return kept
    }

    private func factors<Backend: MatrixBackend>(
        of parameter: GradientTrace.Parameter, _ step: OptimizerStep, _ source: GradientTrace, _ backend: Backend
    ) throws -> GradientFactors<Backend.Tensor> where Backend.Scalar: TraceScalar {
        let factors: (outputGradients: Matrix<Backend.Scalar>, inputs: Matrix<Backend.Scalar>) =
            try source.factors(parameter, step: step.number)
        return GradientFactors(
            rows: backend.tensor(factors.outputGradients), columns: backend.tensor(factors.inputs))
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
