import ArgumentParser
import CPUBackend
import Files
import Foundation
import HDF5Store
import LinearAlgebra
import MatrixCore
import MatrixStudy
import Optimizers
import Preconditioning

/// A recorded stream of gradients put through an optimizer.
struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Feed recorded gradients to an optimizer and write the parameters it makes of them.",
        discussion: """
            The trace holds /initial/<name> and /gradients/<name> (step first) and, as attributes, steps, kept_steps, \
            statistics_interval, root_interval, decay, damping, momentum, learning_rate_<optimizer> and \
            weight_decay_<optimizer>, or learning_rate and weight_decay for every rule without its own; options replace \
            attributes. Written is /parameters/<name>, kept steps first: the way to hold an optimizer against another \
            implementation.
            """)

    @Argument(help: "HDF5 file with the trace.")
    var trace: String

    @OptionGroup(title: "First-order rule") var firstOrder: FirstOrderOptions
    @OptionGroup(title: "Preconditioner") var shampoo: ShampooOptions

    @Option(help: "Arithmetic and output: float32, as training, or float64; coded storages keep what they keep in float32.")
    var precision = Precision.float32

    @Option(help: "Seed of the power iterations' start vectors.")
    var seed: UInt64 = 0

    @Option(help: "Threads (default: as many as there are cores). Another number gives other roundings.")
    var threads: Int?

    @Option(name: [.short, .customLong("output")], help: "Output file, HDF5.")
    var output: String

    @Flag(help: "Replace an existing output.")
    var force = false

    @Flag(help: "No progress.")
    var quiet = false

    enum Precision: String, CaseIterable, ExpressibleByArgument { case float32, float64 }

    func run() throws {
        // Options that contradict each other are found before the file is read.
        let kind = try firstOrder.kind()
        _ = try shampoo.preconditioning(defaults: .init())
        if let threads, !(1...1024).contains(threads) {
            throw StatusError.usage("--threads \(threads): give 1 to 1024")
        }
        let interruption = Interruption { "nothing was written" }
        defer { withExtendedLifetime(interruption) {} }
        try OutputFile.requireWritable(output, overwrite: force)
        try Probe.requireSound(trace)
        let source = try GradientTrace(path: trace)
        OpenBLAS.setThreadCount(1)
        switch precision {
        case .float32: try run(kind, source, as: Float.self)
        case .float64: try run(kind, source, as: Double.self)
        }
    }

    private func run<Scalar: TraceScalar>(_ kind: FirstOrderRule, _ source: GradientTrace, as scalar: Scalar.Type) throws {
        let base = try firstOrder.rule(
            kind, learningRate: try source.number("learning_rate", of: kind, 0...1e6),
            weightDecay: try source.number("weight_decay", of: kind, 0...1e6),
            momentum: kind == .sgdm ? try source.number("momentum", 0...0.9999999) : nil, as: scalar)
        try run(base, source)
    }

    private func run<Rule: OptimizerRule, Scalar: TraceScalar>(
        _ base: Rule, _ source: GradientTrace
    ) throws where Rule.Backend == CPUBackend<Scalar> {
        // Without a preconditioner a trace need not have its attributes.
        guard try shampoo.preconditioning(defaults: .init()) != nil else { return try follow(base, source) }
        let defaults = ShampooOptions.Defaults(
            statisticsInterval: try shampoo.statisticsInterval ?? source.interval("statistics_interval"),
            rootInterval: try shampoo.rootInterval ?? source.interval("root_interval"),
            decay: try shampoo.decay ?? source.number("decay", 0...1),
            damping: try shampoo.damping ?? source.number("damping", 1e-30...1e30))
        guard let choice = try shampoo.preconditioning(defaults: defaults) else { return }
        if choice.schedule.firstRoot(within: source.steps) == nil {
            Terminal.report(
                "note",
                "no root of an updated statistic is taken within the trace's \(source.steps) steps: the parameters are those "
                    + "of \(firstOrder.optimizer) alone; lower --statistics-interval or --root-interval for others")
        }
        try follow(Shampoo(base: base, schedule: choice.schedule, scheme: choice.scheme), source)
    }

    private func follow<Rule: OptimizerRule, Scalar: TraceScalar>(
        _ rule: Rule, _ source: GradientTrace
    ) throws where Rule.Backend == CPUBackend<Scalar> {
        let progress = Progress(total: source.steps * source.parameters.count, unit: "steps", quiet: quiet)
        defer { progress.clear() }
        let backend = CPUBackend<Scalar>(threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
        try HDF5File.create(at: output, overwriting: force) { writer in
            for (index, parameter) in source.parameters.enumerated() {
                let kept = try keptParameters(
                    parameter, rule, source, PhiloxGenerator(seed: seed, stream: UInt64(index)), progress, backend)
                try Scalar.write(
                    NumericArray(shape: [source.keptSteps.count] + parameter.shape.dimensions, values: kept),
                    to: "parameters/\(parameter.name)", writer)
            }
            try writer.setAttribute("kept_steps", to: .integers(source.keptSteps))
            try writer.setProvenance(seed: seed, configuration: configuration(of: rule))
        }
    }

    /// One parameter through all steps; its values at the kept ones, one after another in row-major order.
    private func keptParameters<Rule: OptimizerRule, Scalar: TraceScalar>(
        _ parameter: GradientTrace.Parameter, _ rule: Rule, _ source: GradientTrace, _ generator: PhiloxGenerator,
        _ progress: Progress, _ backend: CPUBackend<Scalar>
    ) throws -> [Scalar] where Rule.Backend == CPUBackend<Scalar> {
        var generator = generator
        var value: Matrix<Scalar> = try source.initial(parameter)
        var state = try rule.initialState(for: parameter.shape, using: &generator, backend)
        var kept: [Scalar] = []
        for step in 1...source.steps {
            let gradient: Matrix<Scalar> = try source.gradient(parameter, step: step)
            do {
                try rule.update(&value, gradient: gradient, state: &state, step: OptimizerStep(step), backend)
            } catch {
                throw StatusError(
                    status: .wrongData,
                    description: "\(trace): gradients/\(parameter.name), step \(step): \(error); scale the gradients down")
            }
            if source.keptSteps.contains(step) { kept += value.transposed.elements }
            progress.advance(by: 1)
        }
        warn(parameter.name, rule.preconditioners(of: state))
        return kept
    }

    /// Failures that the optimizer survived by keeping what it had.
    private func warn<Scalar>(_ name: String, _ preconditioners: BlockPreconditioner<CPUBackend<Scalar>>?) {
        for (index, block) in (preconditioners?.blocks ?? []).enumerated() {
            for (side, record) in [("left", block.left.record), ("right", block.right.record)] {
                guard let reason = record.lastFailure else { continue }
                Terminal.report(
                    "warning",
                    "\(name), block \(index), \(side): \(record.statisticFailures) statistics and \(record.rootFailures) "
                        + "roots failed and were kept as before; the last one: \(reason)")
            }
        }
    }

    private func configuration<Rule: OptimizerRule>(of rule: Rule) throws -> [String: String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return [
            "command": "replay", "source": trace, "optimizer": firstOrder.optimizer, "precision": precision.rawValue,
            "rule": String(decoding: try encoder.encode(rule), as: UTF8.self),
        ]
    }
}
