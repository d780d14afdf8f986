import Compute
import MatrixCore

/// Passes over entries, and over columns of features.
extension CPUBackend {
    /// A tensor of the shape of `a`, its entries written in pieces, each from its own start.
    @inline(__always)
    func entries(
        _ a: Matrix<Scalar>, _ body: (UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>, Range<Int>) -> Void
    ) -> Matrix<Scalar> {
        filled(rows: a.rows, columns: a.columns) { result in
            a.withElements { x in
                inPieces(a.elements.count, atLeast: smallestPiece) {
                    body(x + $0.lowerBound, result + $0.lowerBound, 0..<$0.count)
                }
            }
        }
    }

    @inline(__always)
    func entries(
        _ a: Matrix<Scalar>, _ b: Matrix<Scalar>,
        _ body: (UnsafePointer<Scalar>, UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>, Range<Int>) -> Void
    ) -> Matrix<Scalar> {
        requireEqualShapes(a, b)
        return filled(rows: a.rows, columns: a.columns) { result in
            a.withElements { x in
                b.withElements { y in
                    inPieces(a.elements.count, atLeast: smallestPiece) {
                        body(x + $0.lowerBound, y + $0.lowerBound, result + $0.lowerBound, 0..<$0.count)
                    }
                }
            }
        }
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func addToColumns(_ a: Matrix<Scalar>, _ vector: Matrix<Scalar>) -> Matrix<Scalar> {
        requireFeatures(vector, of: a)
        let rows = a.rows
        return filled(rows: rows, columns: a.columns) { result in
            a.withElements { x in
                vector.withElements { v in
                    inPieces(a.columns, atLeast: columnGrain(rows: rows)) { columns in
                        let start = columns.lowerBound * rows
                        if hasKernels {
                            return kernels.add_to_columns(
                                floats(x + start), floats(v), rows, columns.count, floats(result + start))
                        }
                        for column in columns {
                            let start = column * rows
                            for row in 0..<rows { result[start + row] = x[start + row] + v[row] }
                        }
                    }
                }
            }
        }
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
