import Compute
import MatrixCore
import Optimizers
import Preconditioning

/// What belongs to one parameter in training.
struct OptimizerSlot<Rule: OptimizerRule>: Sendable {
    var state: Rule.State
    /// Full-precision statistics that follow the same gradients, where they are asked for.
    var shadow: BlockShadow<Rule.Backend>?
    private var direction: Result<Rule.Backend.Tensor, GradientError>?

    init(state: Rule.State, shadow: BlockShadow<Rule.Backend>?) {
        self.state = state
        self.shadow = shadow
    }

    /// Updates statistics and roots where the step asks for it, and keeps what they make of the gradient.
    mutating func updateDirection(
        of gradient: Rule.Backend.Tensor, norm: Rule.Backend.Scalar, _ rule: Rule, _ step: OptimizerStep,
        _ backend: Rule.Backend
    ) {
        if rule.takesStatistics(at: step) { shadow?.update(with: gradient, backend) }
        do throws(GradientError) {
            direction = .success(
                try rule.direction(of: gradient, norm: norm, state: &state, step: step, backend))
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

extension BlockPreconditioner {
    /// Every side with its place, block after block.
    func sides(of parameter: String) -> [(side: PreconditionerSide, state: PreconditionerState<Backend>)] {
        blocks.flatMap { block in
            [(PreconditionerSide.Side.left, block.left), (.right, block.right)].map { side, state in
                let place = PreconditionerSide(
                    parameter: parameter, blockRow: block.place.blockRow, blockColumn: block.place.blockColumn, side: side)
                return (place, state)
            }
        }
    }
}

extension BlockShadow {
    private var sides: [ShadowStatistic<Backend>] {
        places.indices.flatMap { [self[$0].left, self[$0].right] }
    }

    /// L and R of every block in turn.
    func statistics(_ backend: Backend) -> [Matrix<Backend.Scalar>] { sides.map { $0.statisticMatrix(backend) } }

    /// Their roots now; nil where there is no finite one.
    func roots(_ backend: Backend) -> [Matrix<Backend.Scalar>?] {
        let sides = sides
        return backend.concurrentMap(sides.count) { index in
            do throws(DecompositionError) {
                return try sides[index].rootMatrix(backend)
            } catch {
                return nil
            }
        }
    }
}
