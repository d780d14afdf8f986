import Compute
import MatrixCore

/// K-FAC: of a layer's inputs X and output gradients Y, whose product over the positions of a batch is the gradient
/// G = YXᵀ of its weight, L ← βL + (1 − β)YYᵀ, R ← βR + (1 − β)XXᵀ and Ĝ = L̂GR̂ with p = 1.
///
/// So vec Ĝ = (R ⊗ L)⁻¹·vec G but for the damping, R standing for E[aaᵀ] of the inputs and L for E[ggᵀ] of the output
/// gradients: sums over positions in place of means, since the damping is relative to λmax and the result is grafted, so that
/// a factor's scale cancels. Both begin at zero. A parameter that several layers use sums over all of them.
///
/// Source: Wang et al. 2024, algorithm 5 and appendices A and G, after Martens and Grosse, ICML 2015. There and in the
/// reference code linear layers and convolutions alone are preconditioned; here tables of embeddings are, too, a position's
/// row being the input's unit vector.
public enum KFAC: TwoSidedMethod {
    public static let name = "kfac"
    /// No order limit, no rectification, and two steps of subspace iteration.
    public static let defaults = PreconditionerDefaults(
        statisticsInterval: 200, rootInterval: 2000, largestOrder: .max, decay: 0.9, damping: 0.1, exponent: 1,
        updateRectificationSteps: 0, rootRectificationSteps: 0, subspaceSteps: 2, beginsAtZero: true, retainsDamping: false)
    public static let wantsFactors = true

    /// YYᵀ of the rows of the block on the left, XXᵀ of its columns on the right.
    public static func moment<Backend: MatrixBackend>(
        of gradient: ParameterGradient<Backend>, at place: BlockSidePlace, _ backend: Backend
    ) -> Backend.Tensor {
        let moments = gradient.factors.map { factors in
            let factor = place.side == .left ? factors.rows : factors.columns
            let positions = 0..<backend.shape(of: factor).columns
            return backend.symmetricProduct(
                backend.block(factor, rows: place.range, columns: positions), transposed: false, alpha: 1)
        }
        guard let first = moments.first else { preconditionFailure("a gradient without the factors that were asked for") }
        return moments.dropFirst().reduce(first) { backend.combine(1, $0, 1, $1) }
    }

    public static func direction<Backend: MatrixBackend>(
        of gradient: Backend.Tensor, _ roots: BlockRoots<Backend>
    ) -> Backend.Tensor {
        Shampoo.direction(of: gradient, roots)
    }
}
