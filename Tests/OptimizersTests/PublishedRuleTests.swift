import CPUBackend
import Compute
import MatrixCore
import Optimizers
import TestSupport
import Testing

/// Rules against their authors' packages in double precision: from w(i, j) = ((5i + 3j) mod 17 − 8)/16 six steps along
/// g(i, j) = ((7i + 11j + 13t) mod 23 − 11)/16, t from 1; all of these are exact. Values are in row-major order.
@Suite struct PublishedRuleTests {
    private typealias Backend = CPUBackend<Double>
    private let backend = Backend()
    private static let warmUp: [Double] = [1.0 / 3, 2.0 / 3, 1, 1, 1, 1]

    private func matrix(_ rows: Int, _ columns: Int, _ entry: (Int, Int) -> Int) -> Matrix<Double> {
        var result = Matrix<Double>(rows: rows, columns: columns)
        for i in 0..<rows { for j in 0..<columns { result[i, j] = Double(entry(i, j)) / 16 } }
        return result
    }

    /// The points at which gradients are taken and the network is evaluated.
    private func followed<Rule: OptimizerRule>(
        _ rule: Rule, _ rows: Int, _ columns: Int, steps: Int = 6, factors: [Double] = [1, 1, 1, 1, 1, 1]
    ) throws -> (point: [Double], evaluated: [Double]) where Rule.Backend == Backend {
        var generator = PhiloxGenerator(seed: 1)
        var state = try rule.initialState(for: ParameterShape([rows, columns]), using: &generator, backend)
        var parameter = matrix(rows, columns) { (5 * $0 + 3 * $1) % 17 - 8 }
        #expect(rule.evaluationPoint(of: parameter, state: state, backend).map { $0 == parameter } ?? true)
        for t in 1...steps {
            let gradient = matrix(rows, columns) { (7 * $0 + 11 * $1 + 13 * t) % 23 - 11 }
            let step = OptimizerStep(t, learningRateFactor: factors[t - 1])
            try rule.update(&parameter, gradient: gradient, state: &state, step: step, backend)
        }
        let evaluated = rule.evaluationPoint(of: parameter, state: state, backend) ?? parameter
        return (parameter.transposed.elements, evaluated.transposed.elements)
    }

    /// - Parameter growth: of a rounding, by what comes after it.
    private func expect(
        _ found: [Double], _ published: [Double], growth: Int = 1, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(found.count == published.count, sourceLocation: sourceLocation)
        for (ours, theirs) in zip(found, published) {
            expectTestRatio(
                (ours - theirs).magnitude, scale: 1, order: 6 * growth, threshold: 8, sourceLocation: sourceLocation)
        }
    }

    /// schedulefree 1.4.1, `SGDScheduleFree(lr=0.25, momentum=0.9, weight_decay=0.0625, warmup_steps=3)`.
    @Test func scheduleFreeDescent() throws {
        let rule = try ScheduleFreeSGD<Backend>(learningRate: 0.25, momentum: 0.9, weightDecay: 0.0625)
        let found = try followed(rule, 4, 3, factors: Self.warmUp)
        expect(
            found.point,
            [
                -0.47237257396228544, -0.25615775536447327, -0.06516617441938556, -0.04569171430750607,
                0.033130327778904144, 0.04786337454839826, 0.11114302275933348, 0.19519862809466518, 0.41141344669247737,
                0.5198783052606443, -0.3858696330276256, -0.08066441597352601,
            ])
        expect(
            found.evaluated,
            [
                -0.47102941845037233, -0.24739125428357053, -0.06553959344401002, -0.04789870803871008,
                0.022067667232790113, 0.047568577963306206, 0.10130190330338804, 0.20426636902099743, 0.42790453318779925,
                0.5183032840604435, -0.3832702180565244, -0.08687418842237825,
            ])
    }

    /// schedulefree 1.4.1, `AdamWScheduleFree(lr=0.125, betas=(0.9, 0.99), eps=1e-3, weight_decay=0.0625, warmup_steps=3)`.
    @Test func scheduleFreeAdam() throws {
        let rule = try ScheduleFreeAdamW<Backend>(
            learningRate: 0.125, firstDecay: 0.9, secondDecay: 0.99, offset: 1e-3, weightDecay: 0.0625)
        let found = try followed(rule, 4, 3, factors: Self.warmUp)
        expect(
            found.point,
            [
                -0.5056759299554606, -0.27413895314867054, -0.0890714092218217, -0.047189700527348305, 0.06206304506516767,
                0.05866743729455295, 0.11743001185548003, 0.17976545314921946, 0.41696248850364614, 0.5456512091741084,
                -0.3878317985893115, -0.042959938745534894,
            ])
        expect(
            found.evaluated,
            [
                -0.5034412903320097, -0.26393453063894773, -0.08990975625403731, -0.048852437044347795,
                0.04941940300311749, 0.058491019140626, 0.10621389096255612, 0.1900300343515204, 0.4344020716120015,
                0.5422879751562324, -0.3840174938972954, -0.050197043948606274,
            ])
    }

    /// timm 1.0.31, `Lars(lr=2, momentum=0.75, weight_decay=0.0625, trust_coeff=0.125, eps=0)`. A column goes without trust: it
    /// follows the momentum of `SGDM`.
    @Test func layerWiseRates() throws {
        let rule = try LARS<Backend>(learningRate: 2, momentum: 0.75, weightDecay: 0.0625, trustCoefficient: 0.125)
        expect(
            try followed(rule, 4, 3).point,
            [
                -0.39512597351070017, 0.03615173078493352, 0.08543269614391527, -0.0024501297422317367,
                0.08035173478245469, -0.30697220351178955, 0.1722889105563663, -0.05763998695646971, 0.3736377173391639,
                0.7218237649021463, -0.5480144047751551, 0.319332172969608,
            ])
        let plain = try SGDM<Backend>(learningRate: 2, momentum: 0.75, weightDecay: 0.0625)
        expect(try followed(rule, 5, 1).point, try followed(plain, 5, 1).point)
        // Zeros have no size to go by, and learn all the same.
        var generator = PhiloxGenerator(seed: 1)
        var state = rule.initialState(for: ParameterShape([2, 2]), using: &generator, backend)
        var zeros = Matrix<Double>(rows: 2, columns: 2)
        try rule.update(&zeros, gradient: .identity(2), state: &state, step: OptimizerStep(1), backend)
        #expect(zeros == Matrix(rows: 2, columns: 2, elements: [-2, 0, 0, -2]))
    }

    /// The published formulas in NumPy and double precision (the authors' code multiplies in bfloat16), learning rate 0.125, momentum
    /// 0.75, weight decay 0.0625; and PyTorch 2.15's `AdamW(lr=0.0625, betas=(0.9, 0.95), eps=1e-10, weight_decay=0.0625)` for a
    /// column. The iteration makes small singular values, and roundings with them, 3.4445⁵ < 500 times as large.
    @Test func orthogonalizedMomentum() throws {
        let rest = try AdamW<Backend>(
            learningRate: 0.0625, firstDecay: 0.9, secondDecay: 0.95, offset: 1e-10, weightDecay: 0.0625)
        let rule = try Muon<Backend>(learningRate: 0.125, momentum: 0.75, weightDecay: 0.0625, rest: rest)
        expect(
            try followed(rule, 4, 3).point,
            [
                -0.6281467138807788, -0.16479987865188145, -0.01580946270957555, -0.13660731755132427,
                0.08877952851195023, 0.08247702680620378, 0.032975239761573585, 0.18040442421234312, 0.7084379645394576,
                0.4841567828493025, -0.39943693968412936, 0.2012511657658284,
            ], growth: 500)
        expect(
            try followed(rule, 3, 4).point,
            [
                -0.42169983786659365, -0.3063836807502484, 0.07498723918531872, 0.3995430400908092, -0.15368576070594914,
                -0.1011213936370722, 0.05425122498920638, 0.5733979141478045, 0.1260654671280823, 0.05093351200563853,
                0.533661264579547, -0.25412174618852107,
            ], growth: 500)
        expect(
            try followed(rule, 5, 1).point,
            [-0.5042739802110273, -0.23454646256858822, 0.19314266330769905, 0.562791653522941, -0.46858816698809747])
    }

    /// pytorch_optimizer 4.1.0, `Lookahead(SGD(lr=0.25, momentum=0.75, weight_decay=0.0625), k=3, alpha=0.25,
    /// pullback_momentum="none")`.
    @Test func lookahead() throws {
        let base = try SGDM<Backend>(learningRate: 0.25, momentum: 0.75, weightDecay: 0.0625)
        let rule = Averaged(base: base, averaging: try .lookahead(validating: 3, rate: 0.25))
        let found = try followed(rule, 4, 3)
        expect(
            found.point,
            [
                -0.4599489516099311, -0.19699779926514793, -0.051473323458708364, -0.14304519445357755,
                0.0165533776716984, 0.025184581078235624, 0.14622999590312702, 0.2019107217095666, 0.46486187405434976,
                0.5344596162471476, -0.4867769532770012, -0.06265618774455106,
            ])
        #expect(found.evaluated == found.point)
        // Between two steps of lookahead the network is evaluated where the last one left it.
        #expect(try followed(rule, 4, 3, steps: 5).evaluated == followed(rule, 4, 3, steps: 3).point)
    }

    /// a ← 0.75a + 0.25w from the first w, in plain numbers; the rule itself is not disturbed.
    @Test func exponentialMean() throws {
        let base = try SGDM<Backend>(learningRate: 0.25)
        let rule = Averaged(base: base, averaging: try .exponential(validating: 0.75))
        var mean = matrix(4, 3) { (5 * $0 + 3 * $1) % 17 - 8 }.transposed.elements
        for steps in 1...6 { mean = zip(mean, try followed(base, 4, 3, steps: steps).point).map { 0.75 * $0 + 0.25 * $1 } }
        let found = try followed(rule, 4, 3)
        expect(found.evaluated, mean)
        #expect(found.point == (try followed(base, 4, 3).point))
    }

    @Test func badHyperparametersThrow() {
        for value in [-1, Double.nan, .infinity] {
            #expect(throws: HyperparameterError.self) { try LARS<Backend>(learningRate: value) }
            #expect(throws: HyperparameterError.self) { try LARS<Backend>(trustCoefficient: value) }
            #expect(throws: HyperparameterError.self) { try ScheduleFreeSGD<Backend>(weightDecay: value) }
            #expect(throws: HyperparameterError.self) { try ScheduleFreeAdamW<Backend>(offset: value) }
            #expect(throws: HyperparameterError.self) { try Averaging.exponential(validating: value) }
            #expect(throws: HyperparameterError.self) { try Averaging.lookahead(validating: 5, rate: value) }
            #expect(throws: HyperparameterError.self) { try NewtonSchulz(coefficients: [1, value / 0, 1], steps: 5) }
        }
        #expect(throws: HyperparameterError.self) { try ScheduleFreeSGD<Backend>(momentum: 0) }
        #expect(throws: HyperparameterError.self) { try NewtonSchulz(coefficients: [1, 2], steps: 5) }
        #expect(throws: HyperparameterError.self) { try NewtonSchulz(coefficients: [1, 2, 3], steps: 0) }
        #expect(throws: HyperparameterError.self) { try Averaging.lookahead(validating: 0, rate: 0.5) }
    }
}
