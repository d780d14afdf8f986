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
        for (index, norm) in zip(preconditioned, norms) {
            backend.combine(
                gradients[index].norm / (norm + 1e-12), into: &directions[index], 0, gradients[index].tensor)
        }
    }
}
