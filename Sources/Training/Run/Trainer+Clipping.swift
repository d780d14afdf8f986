import Compute
import Optimizers

extension Trainer {
    /// ‖G‖F of all parameters together; in double, in which no square of a float leaves the range.
    func globalNorm(_ norms: [Float]) -> Double { norms.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }

    /// The gradients scaled down so that their norm together is at most `clip`; as they are where it is.
    ///
    /// Of a gradient that is a product of factors the first ones are scaled, so that it stays their product.
    ///
    /// Source: Pascanu et al., ICML 2013, algorithm 1. PyTorch divides by the norm and 1e-6.
    func clipped(_ gradients: [ParameterGradient<Backend>], norm: Double) -> [ParameterGradient<Backend>] {
        guard let clip = settings.clip, norm > clip else { return gradients }
        let factor = Float(clip / norm)
        var tensors = gradients.map(\.tensor)
        let whole = tensors
        backend.combine(factor, intoEach: &tensors, 0, whole)
        return zip(gradients, tensors).map { gradient, tensor in
            ParameterGradient(
                tensor, norm: factor * gradient.norm,
                factors: gradient.factors.map { GradientFactors(rows: backend.scaled(factor, $0.rows), columns: $0.columns) })
        }
    }
}
