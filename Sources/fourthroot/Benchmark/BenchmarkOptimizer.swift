import ArgumentParser
import CPUBackend
import Compute
import Files
import MatrixCore
import NeuralNetworks
import Optimizers
import Preconditioning
import Training

/// The preconditioners of a model's parameters, without the model.
struct BenchmarkOptimizer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "optimizer",
        abstract: "Time what preconditioners do in a step for all parameters of a model.",
        discussion: """
            A row each for the steps that there are: direction, where preconditioners are only used; update, where statistics \
            take a gradient too; root, where roots are taken but nothing is updated; update_and_root. Gradients are random. \
            Tables of tokens and the map to their logits have none, as published, unless --precondition-vocabulary. \
            bytes are those of statistics and roots.
            """)

    @OptionGroup(title: "Model") var model: MemoryModel
    @OptionGroup(title: "First-order rule") var firstOrder: FirstOrderOptions
    @OptionGroup(title: "Preconditioner") var preconditioner: PreconditionerOptions
    @OptionGroup(title: "Device") var device: DeviceOptions

    @Flag(help: "Give tables of tokens and the map to their logits preconditioners too.")
    var preconditionVocabulary = false

    @Option(help: "Times to take each step.")
    var `repeat` = 3

    @OptionGroup var table: TableOptions

    func run() throws {
        guard (1...1000).contains(`repeat`) else { throw StatusError.usage("--repeat \(`repeat`): give 1 to 1000") }
        try device.check()
        let choice = try preconditioner.choice { defaults in
            // Every kind of step comes soon.
            defaults.statisticsInterval = 2
            defaults.rootInterval = 4
        }
        guard let choice else {
            throw StatusError.usage("benchmark optimizer needs preconditioners: give --preconditioner shampoo or a storage")
        }
        let published = try model.publishedName()
        let parameters = try model.counted(published).parameters.filter { preconditionVocabulary || !$0.isVocabulary }
        try table.requireWritable()
        let start = ContinuousClock.now
        // As a training does.
        ProcessMemory.keepFreed()
        let timings = try timings(choice, parameters.map(\.shape), on: device.backend(of: Float.self))
        try table.write(timings, of: .benchmarkOptimizer, since: start)
    }

    private func timings<Backend: NeuralBackend>(
        _ choice: PreconditionerOptions.Choice, _ shapes: [ParameterShape], on backend: Backend
    ) throws -> [Timing] where Backend.Scalar == Float {
        let base = try firstOrder.rule(firstOrder.values(), on: backend)
        let rule = try PreconditionerOptions.rule(base, under: choice)
        return try timings(rule, shapes, backend)
    }

    private func timings<Rule: OptimizerRule>(
        _ rule: Rule, _ shapes: [ParameterShape], _ backend: Rule.Backend
    ) throws -> [Timing] where Rule.Backend.Scalar == Float {
        guard let preconditioner = rule.preconditioner else { return [] }
        var generator = PhiloxGenerator(seed: 0)
        var states: [(state: Rule.State, gradient: ParameterGradient<Rule.Backend>)] = []
        for shape in shapes {
            let state = try rule.initialState(for: shape, using: &generator, backend)
            guard rule.preconditionerState(of: state) != nil else { continue }
            let gradient = backend.tensor(Self.gradient(shape, &generator))
            states.append((state, ParameterGradient(gradient, norm: backend.frobeniusNorm(gradient), factors: [])))
        }
        if preconditioner.wantsFactors(at: OptimizerStep(preconditioner.schedule.statisticsInterval)) {
            throw StatusError.usage(
                "benchmark optimizer has no layers, whose factors the preconditioner takes; use benchmark train")
        }
        var timings: [Timing] = []
        for (what, step) in Self.steps(preconditioner.schedule) {
            var timing = Timing(what)
            for round in 0...`repeat` {
                let seconds = try backend.seconds {
                    backend.updateConcurrently(&states) { lane, _, parameter in
                        _ = rule.direction(of: parameter.gradient, state: &parameter.state, step: step, lane)
                    }
                }
                // The first one has buffers and kernels to make.
                if round > 0 { timing.seconds.append(seconds) }
            }
            let bytes = states.reduce(0) { sum, parameter in
                sum + (rule.preconditionerState(of: parameter.state).map { preconditioner.byteCount($0, backend) } ?? 0)
            }
            timing.values = ["bytes": "\(bytes)"]
            timing.values["peak_device_bytes"] = backend.peakDeviceBytes.map { "\($0)" }
            timings.append(timing)
        }
        return timings
    }

    /// A step of every kind that a schedule has.
    private static func steps(_ schedule: PreconditionerSchedule) -> [(what: String, step: OptimizerStep)] {
        let updates = schedule.statisticsInterval
        let roots = schedule.rootInterval ?? updates
        let kinds = [
            ("direction", false, false), ("update", true, false), ("root", false, true), ("update_and_root", true, true),
        ]
        let candidates = [1, updates, roots, updates * roots].map { OptimizerStep($0) }
        return kinds.compactMap { what, takesStatistics, takesRoots in
            candidates.first {
                schedule.takesStatistics(at: $0) == takesStatistics && schedule.takesRoots(at: $0) == takesRoots
            }.map { (what, $0) }
        }
    }

    private static func gradient(_ shape: ParameterShape, _ generator: inout PhiloxGenerator) -> Matrix<Float> {
        Matrix(
            rows: shape.rows, columns: shape.columns,
            elements: (0..<shape.rows * shape.columns).map { _ in Float.random(in: -1...1, using: &generator) })
    }
}
