import Compute
import Preconditioning

/// Adam in the coordinates of a basis that turns, as SOAP has it.
extension AdamW {
    public var decoupledWeightDecay: Double? { weightDecay }
    public var canTurn: Bool { true }

    public func turn(_ state: inout State, by turn: BasisTurn<Backend>, _ backend: Backend) {
        state.first.keep(turn.rotated(state.first.take(backend), backend), backend)
        state.second.keep(turn.mixed(state.second.take(backend), backend), backend)
    }
}
