import MatrixCore

/// α·op(A)·op(B), op the transpose where asked for.
///
/// - Precondition: the inner dimensions agree.
public func multiply<Scalar: LAPACKScalar>(
    _ a: Matrix<Scalar>, transposed transposeA: Bool = false, _ b: Matrix<Scalar>,
    transposed transposeB: Bool = false, alpha: Scalar = 1
) -> Matrix<Scalar> {
    var result = Matrix<Scalar>(
        overwrittenRows: transposeA ? a.columns : a.rows, columns: transposeB ? b.rows : b.columns)
    accumulate(into: &result, a, transposed: transposeA, b, transposed: transposeB, alpha: alpha, beta: 0)
    return result
}

/// C ← α·op(A)·op(B) + β·C.
///
/// - Precondition: the dimensions agree.
public func accumulate<Scalar: LAPACKScalar>(
    into c: inout Matrix<Scalar>, _ a: Matrix<Scalar>, transposed transposeA: Bool = false, _ b: Matrix<Scalar>,
    transposed transposeB: Bool = false, alpha: Scalar, beta: Scalar
) {
    let depth = transposeA ? a.rows : a.columns
    precondition(
        depth == (transposeB ? b.columns : b.rows) && c.rows == (transposeA ? a.columns : a.rows)
            && c.columns == (transposeB ? b.rows : b.columns),
        "a product of \(a.rows) × \(a.columns) and \(b.rows) × \(b.columns) into \(c.rows) × \(c.columns)")
    guard c.rows > 0, c.columns > 0 else { return }
    let (rows, columns) = (Int32(c.rows), Int32(c.columns))
    c.elements.withUnsafeMutableBufferPointer { c in
        a.elements.withUnsafeBufferPointer { x in
            b.elements.withUnsafeBufferPointer { y in
                Scalar.gemm(
                    ProductArguments(
                        transposeA: transposeA, transposeB: transposeB, rows: rows, columns: columns,
                        depth: Int32(depth), alpha: alpha, a: pointer(x), leadingA: Int32(max(a.rows, 1)),
                        b: pointer(y), leadingB: Int32(max(b.rows, 1)), beta: beta, c: c.baseAddress!,
                        leadingC: rows))
            }
        }
    }
}

/// A·Aᵀ, or Aᵀ·A where `transposed`: one triangle computed, the other its mirror image.
public func symmetricProduct<Scalar: LAPACKScalar>(
    _ a: Matrix<Scalar>, transposed: Bool = false, alpha: Scalar = 1
) -> Matrix<Scalar> {
    let order = transposed ? a.columns : a.rows
    var result = Matrix<Scalar>(overwrittenRows: order, columns: order)
    guard order > 0 else { return result }
    result.elements.withUnsafeMutableBufferPointer { c in
        a.elements.withUnsafeBufferPointer { x in
            Scalar.syrk(
                ProductArguments(
                    transposeA: transposed, transposeB: false, rows: Int32(order), columns: Int32(order),
                    depth: Int32(transposed ? a.rows : a.columns), alpha: alpha, a: pointer(x),
                    leadingA: Int32(max(a.rows, 1)), b: pointer(x), leadingB: Int32(max(a.rows, 1)), beta: 0,
                    c: c.baseAddress!, leadingC: Int32(order)))
        }
    }
    result.mirrorUpperTriangle()
    return result
}

extension Matrix {
    /// A matrix whose entries are whatever the memory holds, for a routine that writes all that is read later.
    ///
    /// Filling it first would cost a pass over memory that BLAS makes anyway.
    fileprivate init(overwrittenRows rows: Int, columns: Int) {
        self.init(rows: rows, columns: columns, elements: uninitialized(rows * columns))
    }
}

/// An array whose elements are whatever the memory holds, for a routine that writes before it reads.
func uninitialized<Scalar: MatrixScalar>(_ count: Int) -> [Scalar] {
    [Scalar](unsafeUninitializedCapacity: count) { _, initialized in initialized = count }
}

/// The address of a buffer's first element; BLAS never reads through it where the buffer is empty, and an empty
/// buffer of Swift has none.
private func pointer<Scalar>(_ buffer: UnsafeBufferPointer<Scalar>) -> UnsafePointer<Scalar> {
    buffer.baseAddress ?? UnsafePointer(bitPattern: MemoryLayout<Scalar>.alignment)!
}
