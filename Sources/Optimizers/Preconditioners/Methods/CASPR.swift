import Compute
import MatrixCore

/// CASPR: the statistics and roots of Shampoo, J = L̂G + GR̂ and Ĝ = L̂J + JR̂.
///
/// Source: Wang et al. 2024, appendix A, after Duvvuri et al., ICLR 2024.
public enum CASPR: TwoSidedMethod {
    public static let name = "caspr"
    public static let defaults = PreconditionerDefaults.shampoo

    public static func moment<Backend: MatrixBackend>(
        of gradient: ParameterGradient<Backend>, at place: BlockSidePlace, _ backend: Backend
    ) -> Backend.Tensor {
        Shampoo.moment(of: gradient, at: place, backend)
    }

    public static func direction<Backend: MatrixBackend>(
        of gradient: Backend.Tensor, _ roots: BlockRoots<Backend>
    ) -> Backend.Tensor {
        let sum = roots.backend.combine(1, roots.fromLeft(gradient), 1, roots.fromRight(gradient))
        return roots.backend.combine(1, roots.fromLeft(sum), 1, roots.fromRight(sum))
    }
}
