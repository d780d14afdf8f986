import ArgumentParser
import CPUBackend
import LinearAlgebra
import Optimizers

/// The rule underneath, as options of the commands that run one.
struct FirstOrderOptions: ParsableArguments {
    @Option(
        help: "First-order rule: \(FirstOrderRule.allCases.map(\.rawValue).joined(separator: ", ")).",
        completion: .list(FirstOrderRule.allCases.map(\.rawValue)))
    var optimizer: String

    @Option(help: "Learning rate (default in training: 0.1 for sgdm, 0.01 for adagrad, 0.001 for adamw and nadamw).")
    var learningRate: Double?

    @Option(help: "Weight decay (default in training: 5e-4 for sgdm and adagrad, 0.05 for adamw and nadamw).")
    var weightDecay: Double?

    @Option(help: "Momentum of sgdm (default in training: 0.9).")
    var momentum: Double?

    @Flag(help: "Nesterov's form of sgdm.")
    var nesterov = false

    @Option(help: "β1, decay of the first moment of adamw and nadamw (default 0.9).")
    var firstDecay: Double?

    @Option(help: "β2, decay of the second moment of adamw and nadamw (default 0.999).")
    var secondDecay: Double?

    @Option(help: "ε beside the root of the second moment (default: 1e-8 for adamw and nadamw, 1e-10 for adagrad).")
    var offset: Double?

    /// - Throws: `PlanError` for a word that is none, `StatusError` of status `usage` for an option of another rule.
    func kind() throws -> FirstOrderRule {
        let kind: FirstOrderRule = try word(optimizer, option: "--optimizer")
        func of(_ kinds: FirstOrderRule..., option name: String, _ isGiven: Bool) -> OptionRule {
            let words = kinds.map(\.rawValue).joined(separator: " or ")
            return OptionRule(name, isGiven, appliesIf: kinds.contains(kind), needs: "--optimizer \(words)")
        }
        try [
            of(.sgdm, option: "momentum", momentum != nil), of(.sgdm, option: "nesterov", nesterov),
            of(.adamw, .nadamw, option: "first-decay", firstDecay != nil),
            of(.adamw, .nadamw, option: "second-decay", secondDecay != nil),
            of(.adamw, .nadamw, .adagrad, option: "offset", offset != nil),
        ].check()
        return kind
    }

    /// The rule with the defaults of training.
    ///
    /// - Throws: as `kind`; `StatusError` of status `usage` for a value out of range.
    func rule<Scalar: LAPACKScalar>(as scalar: Scalar.Type) throws -> any OptimizerRule<CPUBackend<Scalar>> {
        let kind = try kind()
        return try rule(
            kind, learningRate: kind == .sgdm ? 0.1 : kind.isAdam ? 1e-3 : 0.01, weightDecay: kind.isAdam ? 0.05 : 5e-4,
            momentum: nil, as: scalar)
    }

    /// The rule with other values where no option gives them.
    ///
    /// - Throws: `StatusError` of status `usage` for a value out of range, and what the values throw.
    func rule<Scalar: LAPACKScalar>(
        _ kind: FirstOrderRule, learningRate otherRate: @autoclosure () throws -> Double,
        weightDecay otherDecay: @autoclosure () throws -> Double, momentum otherMomentum: @autoclosure () throws -> Double?,
        as scalar: Scalar.Type
    ) throws -> any OptimizerRule<CPUBackend<Scalar>> {
        do {
            return try kind.rule(
                FirstOrderRule.Hyperparameters(
                    learningRate: learningRate ?? otherRate(), weightDecay: weightDecay ?? otherDecay(),
                    momentum: momentum ?? otherMomentum(), usesNesterov: nesterov, firstDecay: firstDecay,
                    secondDecay: secondDecay, offset: offset),
                as: scalar)
        } catch let error as HyperparameterError {
            throw StatusError.usage("\(error)")
        }
    }
}
