import Compute
import LinearAlgebra
import MatrixCore

/// Products, the large ones cut into one block of columns or rows a thread.
extension CPUBackend {
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func multiply(
        _ a: Matrix<Scalar>, transposed transposeA: Bool, _ b: Matrix<Scalar>, transposed transposeB: Bool,
        alpha: Scalar
    ) -> Matrix<Scalar> {
        let (rows, depth) = transposeA ? (a.columns, a.rows) : (a.rows, a.columns)
        let columns = transposeB ? b.rows : b.columns
        let byColumns = columns >= rows
        let length = byColumns ? columns : rows
        // At least a column, or a row, a piece.
        let pieces = min(pieceCount(rows * columns * depth, atLeast: smallestProduct), max(length, 1))
        return filled(rows: rows, columns: columns) { c in
            a.withElements { x in
                b.withElements { y in
                    inPieces(pieces, atLeast: 1) { own in
                        for index in own {
                            let part = piece(index, of: pieces, length)
                            let (height, width) = byColumns ? (0..<rows, part) : (part, 0..<columns)
                            accumulate(
                                into: MutableMatrixView(
                                    c + height.lowerBound + width.lowerBound * rows, rows: height.count,
                                    columns: width.count, leading: rows),
                                strip(of: x, a, height, transposed: !transposeA), transposed: transposeA,
                                strip(of: y, b, width, transposed: transposeB), transposed: transposeB, alpha: alpha,
                                beta: 0)
                        }
                    }
                }
            }
        }
    }

    /// The upper triangle in strips of columns of about equal area, each a product above the diagonal and a symmetric
    /// one on it; then its mirror image.
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func symmetricProduct(_ a: Matrix<Scalar>, transposed: Bool, alpha: Scalar) -> Matrix<Scalar> {
        let (order, depth) = transposed ? (a.columns, a.rows) : (a.rows, a.columns)
        // At least a column a piece.
        let pieces = min(pieceCount(order * order / 2 * depth, atLeast: smallestProduct), order)
        guard pieces > 1 else {
            return LinearAlgebra.symmetricProduct(a, transposed: transposed, alpha: alpha)
        }
        let bounds = (0...pieces).map { Int((Double($0) / Double(pieces)).squareRoot() * Double(order)) }
        var result = filled(rows: order, columns: order) { c in
            a.withElements { x in
                inPieces(pieces, atLeast: 1) { own in
                    for index in own {
                        addStrip(
                            x, a, transposed, bounds[index]..<bounds[index + 1], alpha, order: order, into: c)
                    }
                }
            }
        }
        result.mirrorUpperTriangle()
        return result
    }

    /// Multiplications below which a second thread is not worth waking.
    private var smallestProduct: Int { 1 << 18 }

    /// A range of columns of a matrix, or of rows where `transposed`.
    private func strip(
        of x: UnsafePointer<Scalar>, _ a: Matrix<Scalar>, _ range: Range<Int>, transposed: Bool
    ) -> MatrixView<Scalar> {
        transposed
            ? MatrixView(x + range.lowerBound, rows: range.count, columns: a.columns, leading: a.rows)
            : MatrixView(x + range.lowerBound * a.rows, rows: a.rows, columns: range.count, leading: a.rows)
    }

    private func addStrip(
        _ x: UnsafePointer<Scalar>, _ a: Matrix<Scalar>, _ transposed: Bool, _ columns: Range<Int>, _ alpha: Scalar,
        order: Int, into c: UnsafeMutablePointer<Scalar>
    ) {
        let own = strip(of: x, a, columns, transposed: !transposed)
        accumulate(
            into: MutableMatrixView(
                c + columns.lowerBound * order, rows: columns.lowerBound, columns: columns.count, leading: order),
            strip(of: x, a, 0..<columns.lowerBound, transposed: !transposed), transposed: transposed, own,
            transposed: !transposed, alpha: alpha, beta: 0)
        setUpperTriangle(
            of: MutableMatrixView(
                c + columns.lowerBound * (order + 1), rows: columns.count, columns: columns.count, leading: order),
            to: own, transposed: transposed, alpha: alpha)
    }
}
