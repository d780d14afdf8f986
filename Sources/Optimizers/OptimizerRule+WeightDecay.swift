import Compute

/// Weight decay of some parameters only.
extension OptimizerRule {
    /// Moves all parameters by one step, those that are not to decay without weight decay: two groups, each moved as a list.
    ///
    /// - Parameters:
    ///   - directions: as for a move of all.
    ///   - states: one a parameter.
    ///   - decays: one a parameter.
    public func move(
        _ parameters: inout [Backend.Tensor], along directions: consuming [Backend.Tensor], states: inout [State],
        decays: [Bool], step: OptimizerStep, _ backend: Backend
    ) {
        precondition(decays.count == parameters.count, "\(decays.count) decisions for \(parameters.count) parameters")
        if decays.allSatisfy(\.self) {
            return move(&parameters, along: consume directions, states: &states, step: step, backend)
        }
        // Each is taken out of these lists, so that its group alone holds it while it changes.
        var parameterPool = parameters.map(Optional.some)
        var directionPool = directions.map(Optional.some)
        var statePool = states.map(Optional.some)
        (parameters, directions, states) = ([], [], [])
        for (rule, isDecaying) in [(self, true), (withoutWeightDecay, false)] {
            let places = decays.indices.filter { decays[$0] == isDecaying }
            var group = places.compactMap { parameterPool[$0].take() }
            let groupDirections = places.compactMap { directionPool[$0].take() }
            var groupStates = places.compactMap { statePool[$0].take() }
            rule.move(&group, along: consume groupDirections, states: &groupStates, step: step, backend)
            for (position, place) in places.enumerated() {
                parameterPool[place] = group[position]
                statePool[place] = groupStates[position]
            }
        }
        parameters = parameterPool.compactMap(\.self)
        states = statePool.compactMap(\.self)
    }
}
