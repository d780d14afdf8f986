import CPUBackend
import Compute
import MatrixCore
import Optimizers
import Preconditioning
import TestSupport
import Testing

import func Foundation.cos
import func Foundation.sin

/// Methods of preconditioning against their papers' algorithms in NumPy and double precision, of
/// scripts/make-preconditioner-oracles: two parameters side by side through nine steps.
@Suite struct PreconditionerMethodTests {
    private struct Point: Decodable {
        let weight: [Double]
        let bias: [Double]
    }

    private typealias Backend = CPUBackend<Double>
    private let backend = Backend()
    private let order = 5
    private let positions = 7
    private let steps = 9

    /// The formulas of the script.
    private func factors(_ step: Int) -> GradientFactors<Matrix<Double>> {
        let t = Double(step)
        func matrix(_ entry: (Double, Double) -> Double) -> Matrix<Double> {
            var result = Matrix<Double>(rows: order, columns: positions)
            for i in 0..<order { for j in 0..<positions { result[i, j] = entry(Double(i), Double(j)) } }
            return result
        }
        return GradientFactors(
            rows: matrix { i, j in 0.2 * sin(1.3 * (i + 1) * j + 1.7 * t + 0.23 * i) },
            columns: matrix { i, j in cos(0.7 * i * (j + 1) + 0.9 * t + 0.31 * j) })
    }

    private func gradients(_ step: Int) -> [ParameterGradient<Backend>] {
        let factors = factors(step)
        let weight = backend.multiply(factors.rows, transposed: false, factors.columns, transposed: true, alpha: 1)
        let bias = Matrix(rows: 3, columns: 1, elements: (0..<3).map { 0.1 * cos(Double($0 + step)) })
        return [
            ParameterGradient(weight, norm: backend.frobeniusNorm(weight), factors: [factors]),
            ParameterGradient(bias, norm: backend.frobeniusNorm(bias)),
        ]
    }

    private var start: [Matrix<Double>] {
        var weight = Matrix<Double>(rows: order, columns: order)
        for i in 0..<order {
            for j in 0..<order {
                let sixteenths: Int = (5 * i + 3 * j) % 17 - 8
                weight[i, j] = Double(sixteenths) / 16
            }
        }
        return [weight, Matrix(rows: 3, columns: 1, elements: [0.5, -0.25, 0.125])]
    }

    /// Rounding of double, through nine steps of well-conditioned matrices, stays far below 1e-10 of what moved.
    private func expect<Rule: OptimizerRule>(_ rule: Rule, toLeadTo name: String) throws where Rule.Backend == Backend {
        let expected = try #require(try shippedOracle("preconditioners", as: [String: Point].self)[name])
        var generator = PhiloxGenerator(seed: 3)
        var parameters = start
        var states = try [ParameterShape([order, order]), ParameterShape([3])].map {
            try rule.initialState(for: $0, using: &generator, backend)
        }
        for number in 1...steps {
            let (step, gradients) = (OptimizerStep(number), gradients(number))
            var directions = zip(gradients, states.indices).map {
                rule.direction(of: $0, state: &states[$1], step: step, backend)
            }
            try rule.complete(&directions, of: gradients, states, step: step, backend)
            rule.move(&parameters, along: directions, states: &states, step: step, backend)
            // What was written and read again goes on as if nothing had happened.
            for index in states.indices {
                let archive = rule.archive(states[index], backend)
                try rule.restore(&states[index], from: archive, backend)
                #expect(rule.archive(states[index], backend) == archive)
            }
        }
        for (found, values) in [(parameters[0].transposed, expected.weight), (parameters[1], expected.bias)] {
            #expect(found.elements.count == values.count)
            for (x, y) in zip(found.elements, values) { expectBound((x - y).magnitude, atMost: 1e-10, "\(name): \(x), \(y)") }
        }
    }

    private func settings(
        _ method: any PreconditionerMethod.Type, statistics: Int = 1, roots: Int = 1, decay: Double,
        _ own: MethodParameters = MethodParameters()
    ) throws -> PreconditionerSettings {
        let defaults = method.defaults
        let scheme = try PreconditionerScheme(
            statistic: .exact, root: .exact, decay: decay, damping: defaults.damping, exponent: defaults.exponent,
            solver: .eigen, retainsDamping: false, beginsAtZero: defaults.beginsAtZero)
        return try PreconditionerSettings(
            scheme, statisticsInterval: statistics, rootInterval: roots, largestOrder: defaults.largestOrder, own: own)
    }

    private func adam() throws -> AdamW<Backend> {
        try AdamW(learningRate: 0.01, firstDecay: 0.9, secondDecay: 0.8, weightDecay: 0.1)
    }

    private func momentum() throws -> SGDM<Backend> { try SGDM(learningRate: 0.05, momentum: 0.6, weightDecay: 0.1) }

    @Test func soap() throws {
        let method = SOAP<Backend>(try settings(SOAPMethod.self, roots: 3, decay: 0.7))
        try expect(Preconditioned(base: adam(), method: method), toLeadTo: "soap")
    }

    @Test func klShampoo() throws {
        let own = MethodParameters(momentum: 0.8)
        let method = KLShampoo<Backend>(try settings(KLShampooMethod.self, roots: 3, decay: 0.7, own))
        try expect(Preconditioned(base: adam(), method: method), toLeadTo: "kl-shampoo")
    }

    @Test(arguments: [(1e-3, "eva"), (0, "eva, rescaled")])
    func eva(clip: Double, name: String) throws {
        let method = Eva<Backend>(try settings(EvaMethod.self, decay: 0.2, MethodParameters(clip: clip)))
        try expect(Preconditioned(base: momentum(), method: method), toLeadTo: name)
    }

    @Test func mfac() throws {
        let method = MFAC<Backend>(try settings(MFACMethod.self, decay: 0, MethodParameters(gradients: 4)))
        try expect(Preconditioned(base: momentum(), method: method), toLeadTo: "mfac")
    }

    @Test func layered() throws {
        let kfac = TwoSided<KFAC, Backend>(try settings(KFAC.self, statistics: 2, roots: 4, decay: 0.7))
        try expect(Preconditioned(base: momentum(), method: kfac), toLeadTo: "kfac")
        let adabk = TwoSided<AdaBK, Backend>(try settings(AdaBK.self, statistics: 2, roots: 4, decay: 0.7))
        try expect(Preconditioned(base: momentum(), method: adabk), toLeadTo: "adabk")
    }

    /// A parameter that no gradient reaches at first, as behind a head of zeros, begins with its first one: in the step of a
    /// refresh, too.
    @Test func gradientsThatBeginLate() throws {
        let kl = KLShampoo<Backend>(try settings(KLShampooMethod.self, decay: 0.7, MethodParameters(momentum: 0.8)))
        try followLateGradients(Preconditioned(base: adam(), method: kl))
        try followLateGradients(
            Preconditioned(base: adam(), method: SOAP<Backend>(settings(SOAPMethod.self, decay: 0.7))))
        let psgd = PSGD<Backend>(try settings(PSGDMethod.self, decay: 0, MethodParameters(rate: 1)))
        try followLateGradients(Preconditioned(base: momentum(), method: psgd))
        let mfac = MFAC<Backend>(try settings(MFACMethod.self, decay: 0, MethodParameters(gradients: 2)))
        try followLateGradients(Preconditioned(base: momentum(), method: mfac))
    }

    private func followLateGradients<Rule: OptimizerRule>(_ rule: Rule) throws where Rule.Backend == Backend {
        var generator = PhiloxGenerator(seed: 3)
        var weight = start[0]
        var state = try rule.initialState(for: ParameterShape([order, order]), using: &generator, backend)
        let zero = backend.zeros(rows: order, columns: order)
        for number in 1...6 {
            let before = weight
            let gradient = number < 4 ? zero : gradients(number)[0].tensor
            try rule.update(&weight, gradient: gradient, state: &state, step: OptimizerStep(number), backend)
            #expect(weight.largestMagnitude.isFinite && (number < 4 || weight != before))
        }
    }

    /// Gradients L·Z·R of independent normal Z have the covariance RRᵀ ⊗ LLᵀ; what P leaves of it is a multiple of I but for
    /// the noise of a step, whose size is the rate's.
    @Test func psgdWhitens() throws {
        let method = PSGD<Backend>(try settings(PSGDMethod.self, decay: 0, MethodParameters(rate: 0.02)))
        var generator = PhiloxGenerator(seed: 5)
        var state = try #require(try method.initialState(for: ParameterShape([3, 2]), using: &generator, backend))
        let left = Matrix<Double>(rows: 3, columns: 3, elements: [4, 1, 0, 0, 1, 0.5, 0, 0, 0.25])
        let right = Matrix<Double>(rows: 2, columns: 2, elements: [0.1, 0.02, 0, 3])
        func gradient() -> Matrix<Double> {
            let normal = Matrix(rows: 3, columns: 2, elements: (0..<6).map { _ in generator.normalPair().0 })
            return backend.multiply(backend.multiply(left, normal), right)
        }
        for number in 1...4000 {
            let gradient = gradient()
            method.update(
                &state, with: ParameterGradient(gradient, norm: backend.frobeniusNorm(gradient)), step: OptimizerStep(number),
                backend)
        }
        var covariance = Matrix<Double>(rows: 6, columns: 6)
        let count = 4000
        for _ in 0..<count {
            let direction = method.direction(of: gradient(), state, backend).elements
            for i in 0..<6 { for j in 0..<6 { covariance[i, j] += direction[i] * direction[j] / Double(count) } }
        }
        // The spread of the gradients' own entries is 1.4e5; that of whitened ones is the noise alone.
        let variances = (0..<6).map { covariance[$0, $0] }
        let mean = variances.reduce(0, +) / 6
        for i in 0..<6 {
            for j in 0..<6 {
                expectBound((covariance[i, j] / mean - (i == j ? 1 : 0)).magnitude, atMost: 0.35, "entry \(i), \(j)")
            }
        }
    }
}
