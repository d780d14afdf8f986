import MatrixCore

/// The upper factor Lᵀ of A = L·Lᵀ by LAPACK's `potrf`, zeros below the diagonal: column i holds row i of L.
///
/// - Throws: `DecompositionError.notPositiveDefinite`.
/// - Precondition: the matrix is square; only its upper triangle is read.
public func choleskyFactor<Scalar: LAPACKScalar>(
    _ a: Matrix<Scalar>
) throws(DecompositionError) -> Matrix<Scalar> {
    let order = a.order
    var factor = a
    guard order > 0 else { return factor }
    let info = factor.elements.withUnsafeMutableBufferPointer {
        Scalar.potrf(order: Int32(order), matrix: $0.baseAddress!)
    }
    precondition(info >= 0, "potrf refused its argument \(-info)")
    guard info == 0 else { throw .notPositiveDefinite(leadingMinor: Int(info)) }
    for column in 0..<order {
        for row in column + 1..<max(order, column + 1) { factor[row, column] = 0 }
    }
    return factor
}
