import Compute
import MatrixCore

/// Shampoo: L ← βL + (1 − β)GGᵀ, R ← βR + (1 − β)GᵀG and Ĝ = L̂GR̂.
///
/// Source: Wang et al. 2024, algorithms 3 and 4; with `exact` storages it is 32-bit Shampoo.
public enum Shampoo: TwoSidedMethod {
    public static let name = "shampoo"
    public static let defaults = PreconditionerDefaults.shampoo

    /// GGᵀ of the block on the left, GᵀG on the right.
    public static func moment<Backend: MatrixBackend>(
        of gradient: ParameterGradient<Backend>, at place: BlockSidePlace, _ backend: Backend
    ) -> Backend.Tensor {
        backend.symmetricProduct(
            backend.block(gradient.tensor, rows: place.block.rows, columns: place.block.columns),
            transposed: place.side == .right, alpha: 1)
    }

    public static func direction<Backend: MatrixBackend>(
        of gradient: Backend.Tensor, _ roots: BlockRoots<Backend>
    ) -> Backend.Tensor {
        roots.fromRight(roots.fromLeft(gradient))
    }
}
