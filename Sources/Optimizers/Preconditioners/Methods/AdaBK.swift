import Compute
import MatrixCore

/// AdaBK: the statistics of K-FAC, L ← βL + (1 − β)YYᵀ and R ← βR + (1 − β)XXᵀ, with p = 1/2, Ĝ = L̂GR̂.
///
/// Source: Wang et al. 2024, algorithm 5 and appendices A and G, after Yong, Sun and Zhang, CVPR 2023.
public enum AdaBK: TwoSidedMethod {
    public static let name = "adabk"
    /// As K-FAC, with an exponent and a damping of its own.
    public static let defaults = {
        var defaults = KFAC.defaults
        (defaults.exponent, defaults.damping) = (0.5, 0.001)
        return defaults
    }()
    public static let wantsFactors = KFAC.wantsFactors

    public static func moment<Backend: MatrixBackend>(
        of gradient: ParameterGradient<Backend>, at place: BlockSidePlace, _ backend: Backend
    ) -> Backend.Tensor {
        KFAC.moment(of: gradient, at: place, backend)
    }

    public static func direction<Backend: MatrixBackend>(
        of gradient: Backend.Tensor, _ roots: BlockRoots<Backend>
    ) -> Backend.Tensor {
        KFAC.direction(of: gradient, roots)
    }
}
