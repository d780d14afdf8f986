import Compute

extension GradientPreconditioner {
    /// Grafting, unless a method has another length for its directions: G̃ = Ĝ·‖G‖F/(‖Ĝ‖F + 1e-12), the norms being a whole
    /// parameter's. The norms of all come to the host together.
    ///
    /// Source: Wang et al. 2024, algorithms 3 to 5.
    public func complete(
        _ directions: inout [Backend.Tensor], of gradients: [ParameterGradient<Backend>], _ states: [State],
        learningRate: Double, _ backend: Backend
    ) throws(GradientError) {
        let norms = try finiteNorms(of: directions, backend)
        backend.combine(
            zip(gradients, norms).map { $0.norm / ($1 + 1e-12) }, intoEach: &directions, 0, gradients.map(\.tensor))
    }

    /// ‖Ĝ‖F of every direction.
    ///
    /// - Throws: `GradientError` of the first one that is not finite.
    func finiteNorms(of directions: [Backend.Tensor], _ backend: Backend) throws(GradientError) -> [Backend.Scalar] {
        let norms = backend.norms(of: directions)
        if let (index, norm) = norms.enumerated().first(where: { !$1.isFinite }) {
            throw GradientError(norm: Double(norm), isPreconditioned: true, parameter: index)
        }
        return norms
    }
}
