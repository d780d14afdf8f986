import CPUBackend
import Compute
import Foundation
import HDF5Store
import MatrixCore
import Optimizers
import Preconditioning
import Quantization
import TestSupport
import Testing

/// A fixed stream of gradients and the parameters that the published PyTorch code makes of it.
private struct Trace {
    let file: HDF5File
    let keptSteps: [Int]

    static let path = sharedFile("reference/optimizer_traces.h5")

    init() throws {
        file = try HDF5File.open(#require(Trace.path))
        keptSteps = try #require(file.attribute("kept_steps")?.integers)
    }

    func number(_ name: String) throws -> Double { try #require(file.attribute(name)?.number) }

    func published(_ optimizer: String, _ scheme: String, _ parameter: String) throws -> [[Float]] {
        try keptSteps.indices.map {
            try file.readSlab("parameters/\(optimizer)/\(scheme)/\(parameter)", at: $0, as: Float.self).values
        }
    }

    func initial(_ parameter: String) throws -> [Float] { try file.readArray("initial/\(parameter)", as: Float.self).values }

    /// Ours at the kept steps, row-major.
    func ours<Rule: OptimizerRule>(_ rule: Rule, _ parameter: String) throws -> [[Float]]
    where Rule.Backend == CPUBackend<Float> {
        let backend = CPUBackend<Float>()
        let initial = try file.readArray("initial/\(parameter)", as: Float.self)
        let shape = ParameterShape(initial.shape)
        func matrix(_ values: [Float]) -> Matrix<Float> {
            Matrix(rows: shape.columns, columns: shape.rows, elements: values).transposed
        }
        var generator = PhiloxGenerator(seed: 1)
        var value = matrix(initial.values)
        var state = try rule.initialState(for: shape, using: &generator, backend)
        var kept: [[Float]] = []
        for step in 1...(keptSteps.last ?? 1) {
            let gradient = try file.readSlab("gradients/\(parameter)", at: step - 1, as: Float.self).values
            try rule.update(&value, gradient: matrix(gradient), state: &state, step: OptimizerStep(step), backend)
            if keptSteps.contains(step) { kept.append(value.transposed.elements) }
        }
        for side in rule.sides(of: state) { #expect(side.record == PreconditionerRecord()) }
        return kept
    }
}

/// What moves between two lists of values, by its norm and direction.
private struct Movement {
    let values: [Double]

    init(from a: [Float], to b: [Float]) { values = zip(a, b).map { Double($1) - Double($0) } }

    var norm: Double { dot(self).squareRoot() }
    func dot(_ other: Movement) -> Double { zip(values, other.values).reduce(0) { $0 + $1.0 * $1.1 } }
    func angleDegrees(to other: Movement) -> Double {
        acos(min(1, dot(other) / (norm * other.norm))) * 180 / .pi
    }
}

/// Replays against the published code; its own sensitivity to gradients that differ by 1e-6 (reference/README.md) says how
/// close two implementations can be.
@Suite(.enabled(if: Trace.path != nil, missingShared("reference/optimizer_traces.h5")))
struct TraceAgreementTests {
    /// Tall takes most of the time and tells nothing new of the rule underneath.
    static let runs: [(optimizer: String, parameter: String)] =
        ["linear", "tall", "convolution", "small", "bias"].map { ("sgdm", $0) }
        + ["linear", "convolution", "small", "bias"].map { ("adamw", $0) }

    private func ours(
        _ trace: Trace, _ optimizer: String, _ parameter: String, _ statistic: StatisticStorage, _ root: RootStorage
    ) throws -> [[Float]] {
        let scheme = try PreconditionerScheme(
            statistic: statistic, root: root, decay: trace.number("decay"), damping: trace.number("damping"))
        let settings = try PreconditionerSettings(
            scheme, statisticsInterval: Int(trace.number("statistics_interval")),
            rootInterval: Int(trace.number("root_interval")))
        if optimizer == "adamw" {
            let base = try AdamW<CPUBackend<Float>>(
                learningRate: trace.number("learning_rate_adamw"), weightDecay: trace.number("weight_decay_adamw"))
            return try trace.ours(shampoo(base, settings), parameter)
        }
        let base = try SGDM<CPUBackend<Float>>(
            learningRate: trace.number("learning_rate_sgdm"), momentum: trace.number("momentum"),
            weightDecay: trace.number("weight_decay_sgdm"))
        return try trace.ours(shampoo(base, settings), parameter)
    }

    private func coding() throws -> BlockCoding { try BlockCoding(codebook: Codebook(.linear2, bits: 4), blockSize: 64) }

    /// ‖ΔW‖/‖W − W₀‖ at every kept step is at most `bound`; a bound is ten times the sensitivity.
    private func expectAgreement(
        _ trace: Trace, _ ours: [[Float]], _ scheme: String, _ optimizer: String, _ parameter: String, bound: Double,
        steps: Int = .max
    ) throws {
        let initial = try trace.initial(parameter)
        let published = try trace.published(optimizer, scheme, parameter)
        try #require(ours.count == published.count && ours[0].count == initial.count)
        for index in ours.indices.prefix(steps) {
            let distance = Movement(from: published[index], to: ours[index]).norm
            let ratio = distance / Movement(from: initial, to: published[index]).norm
            #expect(ratio <= bound, "\(scheme), \(optimizer), \(parameter), step \(trace.keptSteps[index]): \(ratio)")
        }
    }

    @Test(arguments: runs) func exact(_ run: (optimizer: String, parameter: String)) throws {
        let trace = try Trace()
        let bounds = ["linear": 2e-4, "convolution": 2e-4, "small": 2e-4, "tall": 1e-4, "bias": 1e-5]
        try expectAgreement(
            trace, ours(trace, run.optimizer, run.parameter, .exact, .exact), "exact", run.optimizer, run.parameter,
            bound: #require(bounds[run.parameter]))
    }

    /// A code that lands on the other side of a midpoint moves the rest by 1e-4: where the rounding of a product differs,
    /// convolution has one (1e-6 with one OpenBLAS kernel, 1.7e-4 with another).
    @Test(arguments: runs) func offdiagonal(_ run: (optimizer: String, parameter: String)) throws {
        let trace = try Trace()
        let bounds = ["linear": 5e-4, "convolution": 5e-4, "small": 2e-4, "tall": 2e-3, "bias": 1e-5]
        let coding = try coding()
        let ours = try ours(trace, run.optimizer, run.parameter, .offdiagonal(coding), .offdiagonal(coding))
        let bound = try #require(bounds[run.parameter])
        try expectAgreement(trace, ours, "offdiagonal-4bit", run.optimizer, run.parameter, bound: bound)
        if run.parameter == "linear" || run.parameter == "convolution" {
            // Up to the first root nothing has had time to grow.
            try expectAgreement(
                trace, ours, "offdiagonal-4bit", run.optimizer, run.parameter, bound: 3e-5, steps: 1)
        }
    }

    /// Chaotic where the statistic has few updates: tight on what is not coded, elsewhere norms and angles.
    @Test(arguments: runs) func eigenvector(_ run: (optimizer: String, parameter: String)) throws {
        let trace = try Trace()
        let (optimizer, parameter) = run
        let ours = try ours(trace, optimizer, parameter, .eigenvector(coding()), .offdiagonal(coding()))
        if parameter == "small" || parameter == "bias" {
            return try expectAgreement(
                trace, ours, "eigenvector-4bit", optimizer, parameter, bound: parameter == "bias" ? 1e-5 : 1e-2)
        }
        let initial = try trace.initial(parameter)
        let published = try trace.published(optimizer, "eigenvector-4bit", parameter)
        let exact = try trace.published(optimizer, "exact", parameter)
        // The first root, at the first kept step, is of two updates; sensitivities are of step 16.
        try expectAgreement(trace, ours, "eigenvector-4bit", optimizer, parameter, bound: 0.15, steps: 1)
        try expectAgreement(trace, ours, "eigenvector-4bit", optimizer, parameter, bound: 0.4)
        for index in ours.indices {
            let (a, b) = (Movement(from: initial, to: ours[index]), Movement(from: initial, to: published[index]))
            let target = Movement(from: initial, to: exact[index])
            let place = "\(optimizer), \(parameter), step \(trace.keptSteps[index])"
            #expect((a.norm / b.norm - 1).magnitude <= 0.02, "\(place): norm \(a.norm) for \(b.norm)")
            let (ours, theirs) = (a.angleDegrees(to: target), b.angleDegrees(to: target))
            #expect((ours - theirs).magnitude <= 2, "\(place): \(ours)° from the exact run, published \(theirs)°")
        }
    }
}
