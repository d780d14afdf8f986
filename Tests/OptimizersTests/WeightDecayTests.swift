import CPUBackend
import Compute
import MatrixCore
import Optimizers
import Preconditioning
import Testing

/// Weight decay of some parameters only, against plain loops over doubles written from the formulas.
@Suite struct WeightDecayTests {
    private typealias Backend = CPUBackend<Double>

    private static let decays = [true, false, false, true, true, false]
    private static let shape = ParameterShape([4, 3])
    private let backend = Backend()

    private func matrix(_ seed: Int) -> Matrix<Double> {
        var generator = PhiloxGenerator(seed: UInt64(seed))
        return Matrix(rows: 4, columns: 3, elements: (0..<12).map { _ in Double.random(in: -1...1, using: &generator) })
    }

    /// The parameters after five steps, as a list and by the groups of `decays`.
    private func followed<Rule: OptimizerRule>(_ rule: Rule, decays: [Bool]) throws -> [Matrix<Double>]
    where Rule.Backend == Backend {
        var generator = PhiloxGenerator(seed: 1)
        var parameters = decays.indices.map { matrix($0) }
        var states = try decays.indices.map { _ in try rule.initialState(for: Self.shape, using: &generator, backend) }
        for step in 1...5 {
            let directions = decays.indices.map { matrix(100 * step + $0) }
            rule.move(
                &parameters, along: directions, states: &states, decays: decays, step: OptimizerStep(step), backend)
        }
        return parameters
    }

    /// Every entry on its own, by `follow(w, g, wd)`.
    private func expectFollowed<Rule: OptimizerRule>(
        _ rule: Rule, decay: Double, _ follow: (Double, [Double], Double) -> Double
    ) throws where Rule.Backend == Backend {
        for (index, moved) in try followed(rule, decays: Self.decays).enumerated() {
            let start = matrix(index)
            for entry in 0..<12 {
                let gradients = (1...5).map { matrix(100 * $0 + index).elements[entry] }
                let expected = follow(start.elements[entry], gradients, Self.decays[index] ? decay : 0)
                // A few roundings a step, of terms about as large as one.
                #expect(abs(moved.elements[entry] - expected) <= 64 * 0x1p-53 * max(1, abs(expected)))
            }
        }
    }

    @Test func momentum() throws {
        try expectFollowed(SGDM<Backend>(learningRate: 0.2, momentum: 0.9, weightDecay: 0.3), decay: 0.3) {
            w, gradients, decay in
            var (w, v) = (w, 0.0)
            for g in gradients {
                v = 0.9 * v + (g + decay * w)
                w -= 0.2 * v
            }
            return w
        }
    }

    @Test func adam() throws {
        let rule = try AdamW<Backend>(learningRate: 0.1, firstDecay: 0.8, secondDecay: 0.9, offset: 1e-3, weightDecay: 0.4)
        try expectFollowed(rule, decay: 0.4) { w, gradients, decay in
            var (w, m, v, b1, b2) = (w, 0.0, 0.0, 1.0, 1.0)
            for g in gradients {
                (m, v, b1, b2) = (0.8 * m + 0.2 * g, 0.9 * v + 0.1 * g * g, 0.8 * b1, 0.9 * b2)
                w -= 0.1 * decay * w
                w -= 0.1 * (m / (1 - b1)) / ((v / (1 - b2)).squareRoot() + 1e-3)
            }
            return w
        }
    }

    @Test func adagrad() throws {
        try expectFollowed(Adagrad<Backend>(learningRate: 0.3, offset: 1e-2, weightDecay: 0.5), decay: 0.5) {
            w, gradients, decay in
            var (w, v) = (w, 0.0)
            for g in gradients {
                let d = g + decay * w
                v += d * d
                w -= 0.3 * d / (v.squareRoot() + 1e-2)
            }
            return w
        }
    }

    /// Over a preconditioner, too, and to the bit: the groups are those of the rule underneath.
    @Test func underAPreconditioner() throws {
        let base = try SGDM<Backend>(learningRate: 0.2, weightDecay: 0.3)
        let scheme = try PreconditionerScheme(statistic: StatisticStorage(.exact, nil), root: RootStorage(.exact, nil))
        let rule = Preconditioned(
            base: base,
            method: TwoSided<Shampoo, Backend>(try PreconditionerSettings(scheme, statisticsInterval: 1, rootInterval: 1)))
        #expect(try followed(rule, decays: Self.decays) == followed(base, decays: Self.decays))
        #expect(rule.withoutWeightDecay.base.weightDecay == 0 && rule.withoutWeightDecay.base.learningRate == 0.2)
    }

    /// All that decay are one list, and none is another rule.
    @Test func onlyOneGroup() throws {
        let (rule, plain) = (try AdamW<Backend>(weightDecay: 0.4), try AdamW<Backend>())
        let (all, none) = (Array(repeating: true, count: 6), Array(repeating: false, count: 6))
        #expect(try followed(rule, decays: none) == followed(plain, decays: all))
        #expect(try followed(rule, decays: all) != followed(plain, decays: all))
        #expect(try followed(rule, decays: []).isEmpty)
    }
}
