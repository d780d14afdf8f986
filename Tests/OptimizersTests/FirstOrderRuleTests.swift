import CPUBackend
import Compute
import Foundation
import MatrixCore
import Optimizers
import TestSupport
import Testing

/// The rules against plain loops over doubles, written from the formulas.
@Suite struct FirstOrderRuleTests {
    private static let shape = ParameterShape([5, 3])
    private static let start = Matrix<Double>.random(rows: 5, columns: 3, seed: 1)
    private static let gradients = (0..<7).map { Matrix<Double>.random(rows: 5, columns: 3, seed: 10 + $0) }
    /// A schedule that is not constant.
    private static let factors: [Double] = [0.5, 1, 1, 0.75, 0.5, 0.25, 0.125]

    private func followed<Rule: OptimizerRule>(_ rule: Rule) throws -> [Double] where Rule.Backend == CPUBackend<Double> {
        let backend = CPUBackend<Double>()
        var generator = PhiloxGenerator(seed: 3)
        var state = try rule.initialState(for: Self.shape, using: &generator, backend)
        var parameter = Self.start
        for (index, gradient) in Self.gradients.enumerated() {
            try rule.update(
                &parameter, gradient: gradient, state: &state,
                step: OptimizerStep(index + 1, learningRateFactor: Self.factors[index]), backend)
        }
        return parameter.elements
    }

    /// Each entry on its own, through `step(w, g, t, factor)`.
    private func expected(_ follow: (Double, [Double]) -> Double) -> [Double] {
        Self.start.elements.indices.map { entry in
            follow(Self.start.elements[entry], Self.gradients.map { $0.elements[entry] })
        }
    }

    private func expectEqual(_ a: [Double], _ b: [Double], sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(a.count == b.count, sourceLocation: sourceLocation)
        for (left, right) in zip(a, b) {
            expectTestRatio(
                (left - right).magnitude, scale: max(1, right.magnitude), order: 7, threshold: 8,
                sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: [false, true]) func momentum(nesterov: Bool) throws {
        let (rate, mu, decay) = (0.2, 0.9, 0.03)
        let ours = try followed(
            SGDM<CPUBackend<Double>>(learningRate: rate, momentum: mu, weightDecay: decay, usesNesterov: nesterov))
        expectEqual(
            ours,
            expected { start, gradients in
                var (w, v) = (start, 0.0)
                for (g, factor) in zip(gradients, Self.factors) {
                    let d = g + decay * w
                    v = mu * v + d
                    w -= rate * factor * (nesterov ? d + mu * v : v)
                }
                return w
            })
    }

    @Test(arguments: [false, true]) func adam(nesterov: Bool) throws {
        let (rate, b1, b2, offset, decay) = (0.05, 0.8, 0.95, 1e-3, 0.1)
        let ours = try followed(
            AdamW<CPUBackend<Double>>(
                learningRate: rate, firstDecay: b1, secondDecay: b2, offset: offset, weightDecay: decay,
                usesNesterov: nesterov))
        expectEqual(
            ours,
            expected { start, gradients in
                var (w, m, v) = (start, 0.0, 0.0)
                for (t, g) in gradients.enumerated() {
                    let eta = rate * Self.factors[t]
                    w *= 1 - eta * decay
                    m = b1 * m + (1 - b1) * g
                    v = b2 * v + (1 - b2) * g * g
                    let ahead = nesterov ? b1 * m + (1 - b1) * g : m
                    let (c1, c2) = (1 - pow(b1, Double(t + 1)), 1 - pow(b2, Double(t + 1)))
                    w -= eta / c1 * ahead / (v.squareRoot() / c2.squareRoot() + offset)
                }
                return w
            })
    }

    @Test func adagrad() throws {
        let (rate, offset, decay) = (0.3, 1e-2, 0.05)
        let ours = try followed(
            Adagrad<CPUBackend<Double>>(learningRate: rate, offset: offset, weightDecay: decay))
        expectEqual(
            ours,
            expected { start, gradients in
                var (w, v) = (start, 0.0)
                for (g, factor) in zip(gradients, Self.factors) {
                    let d = g + decay * w
                    v += d * d
                    w -= rate * factor * d / (v.squareRoot() + offset)
                }
                return w
            })
    }

    @Test func bytes() throws {
        let backend = CPUBackend<Float>()
        var generator = PhiloxGenerator(seed: 3)
        let momentum = try SGDM<CPUBackend<Float>>()
        let adam = try AdamW<CPUBackend<Float>>()
        #expect(momentum.byteCount(momentum.initialState(for: Self.shape, using: &generator, backend), backend) == 60)
        #expect(adam.byteCount(adam.initialState(for: Self.shape, using: &generator, backend), backend) == 120)
    }

    @Test func badHyperparametersThrow() {
        typealias Backend = CPUBackend<Float>
        for value in [-1, Double.nan, .infinity] {
            #expect(throws: HyperparameterError.self) { try SGDM<Backend>(learningRate: value) }
            #expect(throws: HyperparameterError.self) { try SGDM<Backend>(weightDecay: value) }
            #expect(throws: HyperparameterError.self) { try AdamW<Backend>(learningRate: value) }
            #expect(throws: HyperparameterError.self) { try AdamW<Backend>(offset: value) }
            #expect(throws: HyperparameterError.self) { try Adagrad<Backend>(learningRate: value) }
            #expect(throws: HyperparameterError.self) { try SGDM<Backend>(momentum: value) }
        }
        #expect(throws: HyperparameterError.self) { try SGDM<Backend>(momentum: 1) }
        #expect(throws: HyperparameterError.self) { try SGDM<Backend>(momentum: 0, usesNesterov: true) }
        #expect(throws: HyperparameterError.self) { try AdamW<Backend>(secondDecay: 1) }
        #expect(throws: HyperparameterError.self) { try Adagrad<Backend>(offset: 0) }
    }

    @Test func hyperparametersSurviveCodingAndAreCheckedOnDecoding() throws {
        typealias Rule = AdamW<CPUBackend<Float>>
        let rule = try Rule(learningRate: 0.01, firstDecay: 0.8, weightDecay: 0.05, usesNesterov: true)
        let data = try JSONEncoder().encode(rule)
        #expect(try JSONDecoder().decode(Rule.self, from: data) == rule)
        let bad = String(decoding: data, as: UTF8.self).replacingOccurrences(of: "0.8", with: "1.8")
        #expect(throws: HyperparameterError.self) { try JSONDecoder().decode(Rule.self, from: Data(bad.utf8)) }
    }

    @Test func shapes() {
        func matrix(_ dimensions: [Int]) -> [Int]? {
            let shape = ParameterShape(dimensions)
            return shape.isMatrix ? [shape.rows, shape.columns] : nil
        }
        #expect(matrix([64, 16, 3, 3]) == [64, 144])
        #expect(matrix([1, 64, 1, 3]) == [64, 3])
        #expect(matrix([96]) == nil)
        #expect(matrix([96, 1]) == nil)
        #expect(matrix([]) == nil)
        #expect(ParameterShape([1, 96]).rows == 96)
        #expect(ParameterShape([]).rows == 1)
    }
}
