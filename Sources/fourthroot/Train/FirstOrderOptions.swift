import ArgumentParser
import CPUBackend
import Optimizers

/// The rule underneath, as options.
struct FirstOrderOptions: ParsableArguments {
    enum Kind: String, CaseIterable { case sgdm, adamw, nadamw, adagrad }

    @Option(help: "First-order rule: \(Kind.allCases.map(\.rawValue).joined(separator: ", ")).")
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

    /// - Throws: `PlanError` for a word that is none, `StatusError` of status `usage` for a value out of range or an option of another rule.
    func rule() throws -> any OptimizerRule<CPUBackend<Float>> {
        let kind: Kind = try word(optimizer, option: "--optimizer")
        if let name = foreignOption(of: kind) {
            throw StatusError(status: .usage, description: "--\(name) does not apply to \(kind.rawValue)")
        }
        do throws(HyperparameterError) {
            switch kind {
            case .sgdm:
                return try SGDM(
                    learningRate: learningRate ?? 0.1, momentum: momentum ?? 0.9, weightDecay: weightDecay ?? 5e-4,
                    usesNesterov: nesterov)
            case .adamw, .nadamw:
                return try AdamW(
                    learningRate: learningRate ?? 1e-3, firstDecay: firstDecay ?? 0.9, secondDecay: secondDecay ?? 0.999,
                    weightDecay: weightDecay ?? 0.05, usesNesterov: kind == .nadamw)
            case .adagrad:
                return try Adagrad(learningRate: learningRate ?? 0.01, weightDecay: weightDecay ?? 5e-4)
            }
        } catch {
            throw StatusError(status: .usage, description: "\(error)")
        }
    }

    private func foreignOption(of kind: Kind) -> String? {
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
