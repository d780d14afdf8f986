import Compute
import Optimizers

/// What belongs to one parameter in training.
struct OptimizerSlot<Rule: OptimizerRule>: Sendable {
    var state: Rule.State
    /// Full-precision statistics that follow the same gradients, where they are asked for.
    var shadow: StatisticShadow<Rule.Backend>?
    private var direction: Result<Rule.Backend.Tensor, GradientError>?

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
        do throws(GradientError) {
            direction = .success(try rule.direction(of: gradient, state: &state, step: step, backend))
        } catch {
            direction = .failure(error)
        }
    }

    /// The direction, once: a tensor that is not shared can be changed in place.
    ///
    /// - Precondition: `updateDirection` came before.
    mutating func takeDirection() throws(GradientError) -> Rule.Backend.Tensor {
        guard let result = direction.take() else { preconditionFailure("a direction that was not computed") }
        return try result.get()
    }
}
