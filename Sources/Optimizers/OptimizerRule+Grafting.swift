import Compute

/// Grafting, the same for every preconditioner.
extension OptimizerRule {
    /// G̃ = Ĝ·‖G‖F/(‖Ĝ‖F + 1e-12), the norms being a whole parameter's, of the parameters that have a preconditioner. Their
    /// norms come to the host together.
    ///
    /// Source: Wang et al. 2024, algorithms 3 to 5.
    ///
    /// - Parameters:
    ///   - directions: what `direction` returned, Ĝ of every parameter.
    ///   - states: one a parameter.
    /// - Throws: `GradientError` of the first direction that is not finite.
    public func graft(
        _ directions: inout [Backend.Tensor], onto gradients: [ParameterGradient<Backend>], _ states: [State],
        _ backend: Backend
    ) throws(GradientError) {
        let preconditioned = states.indices.filter { preconditionerState(of: states[$0]) != nil }
        let norms = backend.norms(of: preconditioned.map { directions[$0] })
        if let (index, norm) = zip(preconditioned, norms).first(where: { !$1.isFinite }) {
            throw GradientError(norm: Double(norm), isPreconditioned: true, parameter: index)
        }
        // Taken out of the directions, so that the list alone holds them while they change.
        var grafted = preconditioned.map { index in
            defer { directions[index] = gradients[index].tensor }
            return directions[index]
        }
        backend.combine(
            zip(preconditioned, norms).map { gradients[$0].norm / ($1 + 1e-12) }, intoEach: &grafted, 0,
            preconditioned.map { gradients[$0].tensor })
        for (index, direction) in zip(preconditioned, grafted) { directions[index] = direction }
    }
}
