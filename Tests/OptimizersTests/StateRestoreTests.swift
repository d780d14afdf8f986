import CPUBackend
import Compute
import MatrixCore
import Optimizers
import Preconditioning
import Quantization
import TestSupport
import Testing

/// Every statistic storage and error feedback with every root storage.
func schemes(bits: Int) throws -> [PreconditionerScheme] {
    let coding = try coding(bits: bits, block: 48)
    let roots: [RootStorage] = [.exact, .full(coding), .offdiagonal(coding), .symmetric(coding)]
    var result: [PreconditionerScheme] = []
    for root in roots {
        for statistic in try storages(bits: bits) {
            result.append(try PreconditionerScheme(statistic: statistic, root: root, decay: 0.8, damping: 1e-3))
        }
        result.append(
            try PreconditionerScheme(
                statistic: .cholesky(coding), root: root, decay: 0.8, damping: 1e-3, errorFeedbackDecay: 0.9))
    }
    return result
}

/// A parameter in training by one rule, with gradients that depend on the step alone.
struct Training<Rule: OptimizerRule> {
    let rule: Rule
    let backend: Rule.Backend
    let shape: ParameterShape
    var parameter: Rule.Backend.Tensor
    var state: Rule.State
    var step = 0

    init(_ rule: Rule, _ shape: ParameterShape, seed: UInt64, _ backend: Rule.Backend) throws {
        self.rule = rule
        self.backend = backend
        self.shape = shape
        var generator = PhiloxGenerator(seed: seed)
        parameter = backend.tensor(.random(rows: shape.rows, columns: shape.columns, seed: 1))
        state = try rule.initialState(for: shape, using: &generator, backend)
    }

    mutating func follow(steps: Int) throws {
        for _ in 0..<steps {
            step += 1
            let gradient = backend.tensor(.random(rows: shape.rows, columns: shape.columns, seed: 100 + UInt64(step)))
            try rule.update(&parameter, gradient: gradient, state: &state, step: OptimizerStep(step), backend)
        }
    }

    var archive: StateArchive { rule.archive(state, backend) }

    var sides: [PreconditionerSide<Rule.Backend>] { rule.sides(of: state) }

    /// The bytes that the archive holds beyond the state's: codebooks, generator, counts and the text of the last failure.
    var extraBytes: Int {
        let codebooks = archive.entries.filter { $0.name.hasSuffix("/codebooks") }
        return codebooks.reduce(0) { $0 + $1.buffer.byteCount }
            + sides.reduce(0) { $0 + 3 * 8 + 2 * 8 + 3 * 8 + ($1.record.lastFailure?.utf8.count ?? 0) }
    }
}

extension OptimizerRule {
    /// The direction of one parameter, grafted.
    func graftedDirection(
        of gradient: ParameterGradient<Backend>, state: inout State, step: OptimizerStep, _ backend: Backend
    ) throws -> Backend.Tensor {
        var directions = [direction(of: gradient, state: &state, step: step, backend)]
        try complete(&directions, of: [gradient], [state], step: step, backend)
        return directions[0]
    }

    func sides(of state: State) -> [PreconditionerSide<Backend>] {
        guard let preconditioner, let state = preconditionerState(of: state) else { return [] }
        return preconditioner.sides(of: state)
    }
}

/// Shampoo over a first-order rule.
typealias ShampooRule<Base: OptimizerRule> = Preconditioned<Base, TwoSided<Shampoo, Base.Backend>>

/// Statistics at every step, roots at every other, blocks of at most 66.
func shampoo<Base: OptimizerRule>(_ base: Base, _ scheme: PreconditionerScheme) throws -> ShampooRule<Base> {
    try shampoo(base, PreconditionerSettings(scheme, statisticsInterval: 1, rootInterval: 2, largestOrder: 66))
}

func shampoo<Base: OptimizerRule>(_ base: Base, _ settings: PreconditionerSettings) -> ShampooRule<Base> {
    Preconditioned(base: base, method: TwoSided(settings))
}

/// States written and read back.
@Suite struct StateRestoreTests {
    private let floats = CPUBackend<Float>()
    /// Blocks of 66 × 40 and 4 × 40: one order above the smallest coded one, two below.
    private let shape = ParameterShape([70, 40])

    /// Three steps, an archive into a state of another seed, three steps more.
    private func expectResumes<Rule: OptimizerRule>(
        _ rule: Rule, _ backend: Rule.Backend
    ) throws {
        var first = try Training(rule, shape, seed: 1, backend)
        try first.follow(steps: 3)
        let archive = first.archive
        #expect(archive.byteCount == rule.byteCount(first.state, backend) + first.extraBytes)

        var second = try Training(rule, shape, seed: 2, backend)
        let fresh = second.archive
        second.parameter = first.parameter
        second.step = 3
        var unrestored = second
        try rule.restore(&second.state, from: try StateArchive(entries: archive.entries), backend)
        #expect(second.archive == archive && archive != fresh)
        try first.follow(steps: 3)
        try second.follow(steps: 3)
        try unrestored.follow(steps: 3)
        #expect(backend.matrix(second.parameter) == backend.matrix(first.parameter))
        #expect(second.archive == first.archive)
        // Nothing of this would show in a state that does not matter.
        #expect(backend.matrix(unrestored.parameter) != backend.matrix(first.parameter))
    }

    @Test(arguments: [4, 5]) func everyRuleAndStorageResumes(bits: Int) throws {
        let rules: [any OptimizerRule<CPUBackend<Float>>] = [
            try SGDM<CPUBackend<Float>>(weightDecay: 0.01), try AdamW<CPUBackend<Float>>(),
            try AdamW<CPUBackend<Float>>(usesNesterov: true), try Adagrad<CPUBackend<Float>>(),
        ]
        for rule in rules {
            func all<Rule: OptimizerRule>(_ rule: Rule) throws where Rule.Backend == CPUBackend<Float> {
                try expectResumes(rule, floats)
                for scheme in try schemes(bits: bits) {
                    try expectResumes(shampoo(rule, scheme), floats)
                }
            }
            try all(rule)
        }
    }

    @Test func statesInDoublePrecisionResume() throws {
        for scheme in try schemes(bits: 4) {
            try expectResumes(
                shampoo(AdamW<CPUBackend<Double>>(), scheme), CPUBackend<Double>())
        }
    }

    /// Work side by side gives the bits of work in turn.
    @Test func threadsDoNotChangeTheResult() throws {
        for scheme in try schemes(bits: 4) {
            let trainings = try [1, 2, 5].map { threads in
                var training = try Training(
                    shampoo(SGDM<CPUBackend<Float>>(), scheme), shape, seed: 1, CPUBackend<Float>(threads: threads))
                try training.follow(steps: 4)
                return training
            }
            #expect(trainings[1].parameter == trainings[0].parameter && trainings[2].parameter == trainings[0].parameter)
            #expect(trainings[1].archive == trainings[0].archive && trainings[2].archive == trainings[0].archive)
        }
    }

    @Test func failuresAreKept() throws {
        let scheme = try PreconditionerScheme(statistic: .offdiagonal(coding()), root: .exact)
        let rule = try shampoo(SGDM<CPUBackend<Float>>(learningRate: 1e-3), scheme)
        var training = try Training(rule, shape, seed: 1, floats)
        // Finite, but GGᵀ is not in float32.
        let gradient = Matrix<Float>(rows: 70, columns: 40, repeating: 1e30)
        try rule.update(&training.parameter, gradient: gradient, state: &training.state, step: OptimizerStep(1), floats)
        let record = try #require(training.sides.first?.record)
        #expect(record.statisticFailures == 1 && record.lastFailure != nil)
        let archive = training.archive
        #expect(archive.byteCount == rule.byteCount(training.state, floats) + training.extraBytes)
        var fresh = try Training(rule, shape, seed: 2, floats)
        try rule.restore(&fresh.state, from: archive, floats)
        #expect(fresh.sides.first?.record == record)
    }

    @Test func namesArePaths() throws {
        let scheme = try PreconditionerScheme(
            statistic: .householder(coding()), root: .offdiagonal(coding()), smallestCodedOrder: 5)
        let training = try Training(shampoo(AdamW<CPUBackend<Float>>(), scheme), shape, seed: 1, floats)
        let names = training.archive.entries.map(\.name)
        #expect(Set(names).count == names.count)
        for name in [
            "base/first", "base/second", "blocks/0_0/left/statistic/eigenvalues", "blocks/0_0/left/statistic/negations",
            "blocks/0_0/right/statistic/reflectors/codes", "blocks/1_0/right/root/block_maxima",
            "blocks/1_0/left/root/entries", "blocks/1_0/left/generator", "blocks/1_0/right/failures",
        ] {
            #expect(names.contains(name), "\(name)")
        }
    }
}
