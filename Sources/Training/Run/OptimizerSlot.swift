import Compute
import Optimizers
import Preconditioning

/// What belongs to one parameter in training.
struct OptimizerSlot<Rule: OptimizerRule>: Sendable {
    var state: Rule.State
    /// Full-precision statistics and roots that follow the same gradients, where they are asked for.
    var shadow: BlockPreconditioner<Rule.Backend>?
    private var direction: Rule.Backend.Tensor?

    init(state: Rule.State, shadow: BlockPreconditioner<Rule.Backend>?) {
        self.state = state
        self.shadow = shadow
    }

    /// Updates statistics and roots where the step asks for it, and keeps what they make of the gradient.
    mutating func precondition(
        _ gradient: Rule.Backend.Tensor, _ rule: Rule, _ step: OptimizerStep, _ backend: Rule.Backend
    ) {
        if shadow != nil { rule.updateShadow(&shadow!, gradient: gradient, step: step, backend) }
        direction = rule.direction(gradient, state: &state, step: step, backend)
    }

    /// The direction, once: a tensor that is not shared can be changed in place.
    mutating func takeDirection() -> Rule.Backend.Tensor? {
        defer { direction = nil }
        return direction
    }
}

extension BlockPreconditioner {
    /// Every side with its place, block after block.
    func sides(of parameter: String) -> [(side: PreconditionerSide, state: PreconditionerState<Backend>)] {
        blocks.flatMap { block in
            [(PreconditionerSide.Side.left, block.left), (.right, block.right)].map { side, state in
                let place = PreconditionerSide(
                    parameter: parameter, blockRow: block.row, blockColumn: block.column, side: side)
                return (place, state)
            }
        }
    }
}
