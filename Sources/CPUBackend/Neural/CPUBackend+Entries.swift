import Compute
import LinearAlgebra
import MatrixCore

/// Passes over entries, and over columns of features.
extension CPUBackend {
    /// A tensor of the shape of `a`, its entries written in pieces.
    @inline(__always)
    func entries(
        _ a: Matrix<Scalar>, _ body: (UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>, Range<Int>) -> Void
    ) -> Matrix<Scalar> {
        Matrix(rows: a.rows, columns: a.columns) { result in
            a.withElements { x in
                inPieces(a.elements.count, atLeast: smallestPiece) { body(x, result, $0) }
            }
        }
    }

    @inline(__always)
    func entries(
        _ a: Matrix<Scalar>, _ b: Matrix<Scalar>,
        _ body: (UnsafePointer<Scalar>, UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>, Range<Int>) -> Void
    ) -> Matrix<Scalar> {
        requireEqualShapes(a, b)
        return Matrix(rows: a.rows, columns: a.columns) { result in
            a.withElements { x in
                b.withElements { y in
                    inPieces(a.elements.count, atLeast: smallestPiece) { body(x, y, result, $0) }
                }
            }
        }
    }

    public func reshaped(_ a: Matrix<Scalar>, rows: Int, columns: Int) -> Matrix<Scalar> {
        Matrix(rows: rows, columns: columns, elements: a.elements)
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func elementwiseProduct(_ a: Matrix<Scalar>, _ b: Matrix<Scalar>) -> Matrix<Scalar> {
        entries(a, b) { x, y, result, range in
            for index in range { result[index] = x[index] * y[index] }
        }
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func addToColumns(_ a: Matrix<Scalar>, _ vector: Matrix<Scalar>) -> Matrix<Scalar> {
        requireFeatures(vector, of: a)
        let rows = a.rows
        return Matrix(rows: rows, columns: a.columns) { result in
            a.withElements { x in
                vector.withElements { v in
                    inPieces(a.columns, atLeast: columnGrain(rows: rows)) { columns in
                        for column in columns {
                            let start = column * rows
                            for row in 0..<rows { result[start + row] = x[start + row] + v[row] }
                        }
                    }
                }
            }
        }
    }

    /// Each piece of the columns has a sum of its own; the sums are added in the order of the pieces.
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func rowSums(_ a: Matrix<Scalar>) -> Matrix<Scalar> {
        let rows = a.rows
        let pieces = pieceCount(a.columns, atLeast: columnGrain(rows: rows))
        var sums = Matrix<Scalar>(rows: rows, columns: pieces)
        sums.withMutableElements { sums in
            a.withElements { x in
                inPieces(pieces, atLeast: 1) { own in
                    for index in own {
                        let sum = sums + index * rows
                        for column in piece(index, of: pieces, a.columns) {
                            for row in 0..<rows { sum[row] += x[column * rows + row] }
                        }
                    }
                }
            }
            for index in 1..<max(pieces, 1) {
                for row in 0..<rows { sums[row] += sums[index * rows + row] }
            }
        }
        return block(sums, rows: 0..<rows, columns: 0..<1)
    }

    public func accumulateProduct(
        into c: inout Matrix<Scalar>, _ a: Matrix<Scalar>, transposed transposeA: Bool, _ b: Matrix<Scalar>,
        transposed transposeB: Bool
    ) {
        accumulate(into: &c, a, transposed: transposeA, b, transposed: transposeB, alpha: 1, beta: 1)
    }

    func requireEqualShapes(_ a: Matrix<Scalar>, _ b: Matrix<Scalar>) {
        precondition(a.rows == b.rows && a.columns == b.columns, "\(a.rows) × \(a.columns) and \(b.rows) × \(b.columns)")
    }

    func requireFeatures(_ vector: Matrix<Scalar>, of a: Matrix<Scalar>) {
        precondition(
            vector.rows == a.rows && vector.columns == 1,
            "\(vector.rows) × \(vector.columns) values for the rows of \(a.rows) × \(a.columns)")
    }
}
