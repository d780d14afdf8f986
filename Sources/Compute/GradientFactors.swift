/// A contribution to the gradient of a matrix parameter as the product that it is: G = rows·columnsᵀ, a sum over positions.
///
/// Of a linear map W·X the rows are the output's gradients and the columns the inputs X; of a convolution the columns are the
/// patches that the kernels meet; of an embedding the rows are unit vectors, each choosing the table's row, and the columns
/// the output's gradients.
public struct GradientFactors<Tensor: Sendable>: Sendable {
    /// Parameter rows × positions.
    public let rows: Tensor
    /// Parameter columns × positions.
    public let columns: Tensor

    public init(rows: Tensor, columns: Tensor) {
        self.rows = rows
        self.columns = columns
    }
}
