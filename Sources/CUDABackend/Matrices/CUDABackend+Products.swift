import Compute
import MatrixCore

/// Products by cuBLAS.
extension CUDABackend {
    public func multiply(
        _ a: Tensor, transposed transposeA: Bool, _ b: Tensor, transposed transposeB: Bool, alpha: Scalar
    ) -> Tensor {
        let (rows, depth) = transposeA ? (a.columns, a.rows) : (a.rows, a.columns)
        let columns = transposeB ? b.rows : b.columns
        precondition(
            depth == (transposeB ? b.columns : b.rows),
            "a product of \(a.rows) × \(a.columns) and \(b.rows) × \(b.columns), transposed: \(transposeA), \(transposeB)")
        // A sum of nothing has no factor to point at.
        guard depth > 0 else { return zeros(rows: rows, columns: columns) }
        let result = makeTensor(rows: rows, columns: columns)
        guard result.count > 0 else { return result }
        multiply(
            rows: rows, columns: columns, depth: depth, alpha: alpha,
            ProductLibrary.Factor(a.address, leadingDimension: a.rows, transposed: transposeA),
            ProductLibrary.Factor(b.address, leadingDimension: b.rows, transposed: transposeB),
            into: ProductLibrary.Factor(result.address, leadingDimension: rows))
        return result
    }

    /// The whole product, and the mirror image of its upper triangle, since no promise is made that entries (i, j) and (j, i)
    /// are summed in the same order.
    public func symmetricProduct(_ a: Tensor, transposed: Bool, alpha: Scalar) -> Tensor {
        let result = multiply(a, transposed: transposed, a, transposed: !transposed, alpha: alpha)
        launch(
            .elements, "mirror_upper_triangle", count: result.count, result.address, result.address, Int64(result.rows))
        return result
    }
}
