import CPUBackend
import Compute
import MatrixCore
import Optimizers
import Preconditioning
import Quantization
import TestSupport
import Testing

import func Foundation.cos

/// Shampoo over SGDM and AdamW against the published algorithm in NumPy and double precision, of scripts/make-oracles.
@Suite struct ShippedTraceTests {
    private struct Oracle: Decodable {
        struct Settings: Decodable {
            let rows: Int
            let columns: Int
            let steps: Int
            let statisticsInterval: Int
            let rootInterval: Int
            let decay: Double
            let damping: Double
            let momentum: Double
            let learningRateSgdm: Double
            let weightDecaySgdm: Double
            let learningRateAdamw: Double
            let weightDecayAdamw: Double
        }

        struct Run: Decodable {
            let rule: String
            let scheme: String
            let step: Int
            /// ‖W − W₀‖.
            let movement: Double
            /// Row, column and value of some entries of W.
            let entries: [[Double]]
        }

        let settings: Settings
        let runs: [Run]
    }

    /// The formula of scripts/make-oracles.
    private func gradient(_ step: Int, _ settings: Oracle.Settings) -> Matrix<Float> {
        var gradient = Matrix<Float>(rows: settings.rows, columns: settings.columns)
        for i in 0..<settings.rows {
            for j in 0..<settings.columns {
                let wave = cos(Double.pi * (Double(i) + 0.5) * (Double(j) + 0.5) / Double(settings.columns))
                let noise = 0.02 * Double((3 * i + 5 * j + 7 * step) % 11 - 5)
                gradient[i, j] = Float(wave * (1 + 0.25 * Double((i + step) % 3)) + noise)
            }
        }
        return gradient
    }

    private func initial(_ settings: Oracle.Settings) -> Matrix<Float> {
        var initial = Matrix<Float>(rows: settings.rows, columns: settings.columns)
        for i in 0..<settings.rows {
            for j in 0..<settings.columns { initial[i, j] = Float((5 * i + 3 * j) % 17 - 8) / 16 }
        }
        return initial
    }

    /// Exact: statistics of condition some hundreds are off by n·u·κ in float32, and so are the roots. Coded: an entry near
    /// the middle of two codes may land on the other side, which moves the rest by 1e-4; 4-bit codes themselves move it by
    /// a tenth.
    @Test(arguments: [("sgdm", "exact"), ("sgdm", "offdiagonal"), ("adamw", "exact"), ("adamw", "offdiagonal")])
    func followsTheAlgorithm(rule: String, scheme: String) throws {
        let oracle = try shippedOracle("optimizer", as: Oracle.self)
        let settings = oracle.settings
        let coding = try BlockCoding(codebook: Codebook(.linear2, bits: 4), blockSize: 64)
        let isExact = scheme == "exact"
        let preconditioners = try PreconditionerScheme(
            statistic: isExact ? .exact : .offdiagonal(coding), root: isExact ? .exact : .offdiagonal(coding),
            decay: settings.decay, damping: settings.damping)
        let method = try PreconditionerSettings(
            preconditioners, statisticsInterval: settings.statisticsInterval, rootInterval: settings.rootInterval)
        let runs = oracle.runs.filter { $0.rule == rule && $0.scheme == scheme }
        #expect(runs.map(\.step) == [4, 8])
        if rule == "adamw" {
            let base = try AdamW<CPUBackend<Float>>(
                learningRate: settings.learningRateAdamw, weightDecay: settings.weightDecayAdamw)
            try check(shampoo(base, method), runs, settings, isExact)
        } else {
            let base = try SGDM<CPUBackend<Float>>(
                learningRate: settings.learningRateSgdm, momentum: settings.momentum,
                weightDecay: settings.weightDecaySgdm)
            try check(shampoo(base, method), runs, settings, isExact)
        }
    }

    private func check<Rule: OptimizerRule>(
        _ rule: Rule, _ runs: [Oracle.Run], _ settings: Oracle.Settings, _ isExact: Bool
    ) throws where Rule.Backend == CPUBackend<Float> {
        let backend = CPUBackend<Float>()
        let initial = initial(settings)
        var generator = PhiloxGenerator(seed: 1)
        var value = initial
        var state = try rule.initialState(
            for: ParameterShape([settings.rows, settings.columns]), using: &generator, backend)
        for step in 1...settings.steps {
            try rule.update(
                &value, gradient: gradient(step, settings), state: &state, step: OptimizerStep(step), backend)
            guard let run = runs.first(where: { $0.step == step }) else { continue }
            let movement = Matrix<Double>(backend.combine(1, value, -1, initial)).frobeniusNorm
            let tolerance = isExact ? 1e-4 : 2e-3
            expectBound((movement / run.movement - 1).magnitude, atMost: tolerance, "movement at step \(step)")
            // Of the root mean square of what all entries moved.
            let scale = run.movement / Double(settings.rows * settings.columns).squareRoot()
            for entry in run.entries {
                expectBound(
                    (Double(value[Int(entry[0]), Int(entry[1])]) - entry[2]).magnitude, atMost: 10 * tolerance * scale,
                    "entry \(entry) at step \(step)")
            }
        }
    }
}
