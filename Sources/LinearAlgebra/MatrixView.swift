/// A block of a column-major matrix in memory that outlives the view.
public struct MatrixView<Scalar: LAPACKScalar> {
    let start: UnsafePointer<Scalar>
    let rows: Int
    let columns: Int
    /// The distance between the starts of two columns.
    let leading: Int

    /// - Precondition: the leading dimension is at least the number of rows.
    public init(_ start: UnsafePointer<Scalar>, rows: Int, columns: Int, leading: Int) {
        precondition(rows >= 0 && columns >= 0 && leading >= rows, "\(rows) × \(columns), leading dimension \(leading)")
        self.start = start
        self.rows = rows
        self.columns = columns
        self.leading = leading
    }
}

/// A block of a column-major matrix to be written.
public struct MutableMatrixView<Scalar: LAPACKScalar> {
    let start: UnsafeMutablePointer<Scalar>
    let rows: Int
    let columns: Int
    /// The distance between the starts of two columns.
    let leading: Int

    /// - Precondition: the leading dimension is at least the number of rows.
    public init(_ start: UnsafeMutablePointer<Scalar>, rows: Int, columns: Int, leading: Int) {
        precondition(rows >= 0 && columns >= 0 && leading >= rows, "\(rows) × \(columns), leading dimension \(leading)")
        self.start = start
        self.rows = rows
        self.columns = columns
        self.leading = leading
    }
}

/// C ← α·op(A)·op(B) + β·C on blocks; C is written only where β is 0.
///
/// - Precondition: the dimensions agree, and C overlaps neither A nor B.
public func accumulate<Scalar: LAPACKScalar>(
    into c: MutableMatrixView<Scalar>, _ a: MatrixView<Scalar>, transposed transposeA: Bool = false,
    _ b: MatrixView<Scalar>, transposed transposeB: Bool = false, alpha: Scalar, beta: Scalar
) {
    let depth = transposeA ? a.rows : a.columns
    precondition(
        depth == (transposeB ? b.columns : b.rows) && c.rows == (transposeA ? a.columns : a.rows)
            && c.columns == (transposeB ? b.rows : b.columns),
        "a product of \(a.rows) × \(a.columns) and \(b.rows) × \(b.columns) into \(c.rows) × \(c.columns)")
    guard c.rows > 0, c.columns > 0 else { return }
    Scalar.gemm(
        ProductArguments(
            transposeA: transposeA, transposeB: transposeB, rows: Int32(c.rows), columns: Int32(c.columns),
            depth: Int32(depth), alpha: alpha, a: a.start, leadingA: Int32(max(a.leading, 1)), b: b.start,
            leadingB: Int32(max(b.leading, 1)), beta: beta, c: c.start, leadingC: Int32(c.leading)))
}

/// The upper triangle of α·A·Aᵀ, or of α·Aᵀ·A where `transposed`; the rest of C is left as it is.
///
/// - Precondition: C has the product's order and does not overlap A.
public func setUpperTriangle<Scalar: LAPACKScalar>(
    of c: MutableMatrixView<Scalar>, to a: MatrixView<Scalar>, transposed: Bool, alpha: Scalar
) {
    let order = transposed ? a.columns : a.rows
    precondition(c.rows == order && c.columns == order, "a product of order \(order) into \(c.rows) × \(c.columns)")
    guard order > 0 else { return }
    let leading = Int32(max(a.leading, 1))
    Scalar.syrk(
        ProductArguments(
            transposeA: transposed, transposeB: false, rows: Int32(order), columns: Int32(order),
            depth: Int32(transposed ? a.rows : a.columns), alpha: alpha, a: a.start, leadingA: leading, b: a.start,
            leadingB: leading, beta: 0, c: c.start, leadingC: Int32(c.leading)))
}
