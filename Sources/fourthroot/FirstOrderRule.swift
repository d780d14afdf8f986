import CPUBackend
import LinearAlgebra
import Optimizers

/// The rules underneath by name, as the program's commands take them.
enum FirstOrderRule: String, CaseIterable {
    case sgdm, adamw, nadamw, adagrad

    var isAdam: Bool { self == .adamw || self == .nadamw }

    /// Values that the rule keeps for a parameter.
    var valueCount: Int { isAdam ? 2 : 1 }

    /// What is not given is the rule's own default; what does not apply is not asked for.
    struct Hyperparameters {
        var learningRate: Double
        var weightDecay: Double
        var momentum: Double?
        var usesNesterov = false
        var firstDecay: Double?
        var secondDecay: Double?
        var offset: Double?
    }

    /// - Throws: `HyperparameterError`.
    func rule<Scalar: LAPACKScalar>(
        _ values: Hyperparameters, as scalar: Scalar.Type
    ) throws(HyperparameterError) -> any OptimizerRule<CPUBackend<Scalar>> {
        switch self {
        case .sgdm:
            try SGDM(
                learningRate: values.learningRate, momentum: values.momentum ?? 0.9, weightDecay: values.weightDecay,
                usesNesterov: values.usesNesterov)
        case .adamw, .nadamw:
            try AdamW(
                learningRate: values.learningRate, firstDecay: values.firstDecay ?? 0.9,
                secondDecay: values.secondDecay ?? 0.999, offset: values.offset ?? 1e-8, weightDecay: values.weightDecay,
                usesNesterov: self == .nadamw)
        case .adagrad:
            try Adagrad(
                learningRate: values.learningRate, offset: values.offset ?? 1e-10, weightDecay: values.weightDecay)
        }
    }
}
