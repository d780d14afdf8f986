import Compute

extension OptimizerRule {
    /// Gives the directions of all parameters that have a preconditioner the length that the preconditioner wants for them, which
    /// may depend on all of them together.
    ///
    /// - Parameters:
    ///   - directions: what `direction` returned, Ĝ of every parameter.
    ///   - states: one a parameter.
    /// - Throws: `GradientError` of the first direction that is not finite.
    public func complete(
        _ directions: inout [Backend.Tensor], of gradients: [ParameterGradient<Backend>], _ states: [State],
        step: OptimizerStep, _ backend: Backend
    ) throws(GradientError) {
        guard let preconditioner else { return }
        let found = states.map { preconditionerState(of: $0) }
        let places = found.indices.filter { found[$0] != nil }
        if places.isEmpty { return }
        // Taken out of the directions, so that the list alone holds them while they change.
        var own = places.map { place in
            defer { directions[place] = gradients[place].tensor }
            return directions[place]
        }
        do throws(GradientError) {
            try preconditioner.complete(
                &own, of: places.map { gradients[$0] }, found.compactMap(\.self),
                learningRate: learningRate * step.learningRateFactor, backend)
        } catch {
            throw GradientError(norm: error.norm, isPreconditioned: true, parameter: places[error.parameter])
        }
        for (place, direction) in zip(places, own) { directions[place] = direction }
    }
}
