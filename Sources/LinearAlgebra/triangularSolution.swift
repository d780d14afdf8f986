import MatrixCore

/// X of op(R)·X = B for an upper triangular R, op the transpose where asked for, by BLAS's `trsm`.
///
/// - Precondition: R is square, of as many rows as B; only its upper triangle is read, and its diagonal has no zero.
public func triangularSolution<Scalar: LAPACKScalar>(
    _ factor: Matrix<Scalar>, transposed: Bool, _ b: Matrix<Scalar>
) -> Matrix<Scalar> {
    precondition(factor.order == b.rows, "a factor of order \(factor.order) for \(b.rows) × \(b.columns)")
    var solution = b
    guard b.rows > 0, b.columns > 0 else { return solution }
    solution.elements.withUnsafeMutableBufferPointer { right in
        factor.elements.withUnsafeBufferPointer {
            Scalar.trsm(
                transposed: transposed, order: Int32(b.rows), columns: Int32(b.columns), factor: $0.baseAddress!,
                right: right.baseAddress!)
        }
    }
    return solution
}
