import Compute
import Optimizers

/// What belongs to one parameter in training.
struct OptimizerSlot<Rule: OptimizerRule>: Sendable {
    var state: Rule.State
    /// Full-precision statistics that follow the same gradients, where they are asked for.
    var shadow: StatisticShadow<Rule.Backend>?
    private var direction: Rule.Backend.Tensor?

    init(state: Rule.State, shadow: StatisticShadow<Rule.Backend>?) {
        self.state = state
        self.shadow = shadow
    }

    /// Updates statistics and roots where the step asks for it, and keeps what they make of the gradient.
    mutating func updateDirection(
        of gradient: ParameterGradient<Rule.Backend>, _ rule: Rule, _ step: OptimizerStep, _ backend: Rule.Backend
    ) {
        if var shadow = shadow.take() {
            rule.preconditioner?.update(&shadow, with: gradient, step: step, backend)
            self.shadow = shadow
        }
        direction = rule.direction(of: gradient, state: &state, step: step, backend)
    }

    /// The direction, once: a tensor that is not shared can be changed in place.
    ///
    /// - Precondition: `updateDirection` came before.
    mutating func takeDirection() -> Rule.Backend.Tensor {
        guard let direction = direction.take() else { preconditionFailure("a direction that was not computed") }
        return direction
    }
}
