import CPUBackend
import Optimizers

/// The rules underneath by name, as the program's commands take them.
enum FirstOrderRule: String, CaseIterable {
    case sgdm, adamw, nadamw, adagrad

    /// Values that the rule keeps for a parameter.
    var valueCount: Int {
        switch self {
        case .sgdm, .adagrad: 1
        case .adamw, .nadamw: 2
        }
    }

    /// What is not given is the rule's own default; what does not apply is ignored.
    struct Hyperparameters {
        var learningRate: Double
        var weightDecay: Double
        var momentum: Double?
        var usesNesterov = false
        var firstDecay: Double?
        var secondDecay: Double?
    }

    /// - Throws: `HyperparameterError`.
    func rule(_ values: Hyperparameters) throws(HyperparameterError) -> any OptimizerRule<CPUBackend<Float>> {
        switch self {
        case .sgdm:
            try SGDM(
                learningRate: values.learningRate, momentum: values.momentum ?? 0.9, weightDecay: values.weightDecay,
                usesNesterov: values.usesNesterov)
        case .adamw, .nadamw:
            try AdamW(
                learningRate: values.learningRate, firstDecay: values.firstDecay ?? 0.9,
                secondDecay: values.secondDecay ?? 0.999, weightDecay: values.weightDecay, usesNesterov: self == .nadamw)
        case .adagrad:
            try Adagrad(learningRate: values.learningRate, weightDecay: values.weightDecay)
        }
    }
}
