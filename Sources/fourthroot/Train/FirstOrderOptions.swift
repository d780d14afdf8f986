import ArgumentParser
import CPUBackend
import Optimizers

/// The rule underneath, as options.
struct FirstOrderOptions: ParsableArguments {
    @Option(
        help: "First-order rule: \(FirstOrderRule.allCases.map(\.rawValue).joined(separator: ", ")).",
        completion: .list(FirstOrderRule.allCases.map(\.rawValue)))
    var optimizer: String

    @Option(help: "Learning rate (default: 0.1 for sgdm, 0.01 for adagrad, 0.001 for adamw and nadamw).")
    var learningRate: Double?

    @Option(help: "Weight decay (default: 5e-4 for sgdm and adagrad, 0.05 for adamw and nadamw).")
    var weightDecay: Double?

    @Option(help: "Momentum of sgdm (default 0.9).")
    var momentum: Double?

    @Flag(help: "Nesterov's form of sgdm.")
    var nesterov = false

    @Option(help: "Decay of the first moment of adamw and nadamw (default 0.9).")
    var firstDecay: Double?

    @Option(help: "Decay of the second moment of adamw and nadamw (default 0.999).")
    var secondDecay: Double?

    /// - Throws: `PlanError` for a word that is none, `StatusError` of status `usage` for a value out of range or an option
    ///   of another rule.
    func rule() throws -> any OptimizerRule<CPUBackend<Float>> {
        let kind: FirstOrderRule = try word(optimizer, option: "--optimizer")
        if let name = foreignOption(of: kind) {
            throw StatusError.usage("--\(name) does not apply to \(kind.rawValue)")
        }
        let isAdam = kind == .adamw || kind == .nadamw
        do throws(HyperparameterError) {
            return try kind.rule(
                FirstOrderRule.Hyperparameters(
                    learningRate: learningRate ?? (kind == .sgdm ? 0.1 : isAdam ? 1e-3 : 0.01),
                    weightDecay: weightDecay ?? (isAdam ? 0.05 : 5e-4), momentum: momentum, usesNesterov: nesterov,
                    firstDecay: firstDecay, secondDecay: secondDecay))
        } catch {
            throw StatusError.usage("\(error)")
        }
    }

    private func foreignOption(of kind: FirstOrderRule) -> String? {
        let isAdam = kind == .adamw || kind == .nadamw
        if kind != .sgdm {
            if momentum != nil { return "momentum" }
            if nesterov { return "nesterov" }
        }
        if !isAdam {
            if firstDecay != nil { return "first-decay" }
            if secondDecay != nil { return "second-decay" }
        }
        return nil
    }
}
