import Compute
import MatrixCore

/// Sums over the columns. Each piece of the columns has sums of its own; they are joined in the order of the pieces.
extension CPUBackend {
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func rowSums(_ a: Matrix<Scalar>) -> Matrix<Scalar> {
        let rows = a.rows
        let pieces = pieceCount(a.columns, atLeast: columnGrain(rows: rows))
        var sums = Matrix<Scalar>(rows: rows, columns: 2 * pieces)
        changing(&sums) { sums in
            a.withElements { x in
                inPieces(pieces, atLeast: 1) { own in
                    for index in own {
                        let (sum, columns) = (sums + 2 * index * rows, piece(index, of: pieces, a.columns))
                        if hasKernels {
                            let start = columns.lowerBound * rows
                            kernels.row_sums(floats(x + start), rows, columns.count, floats(sum))
                            continue
                        }
                        for column in columns {
                            for row in 0..<rows { sum[row] += x[column * rows + row] }
                        }
                    }
                }
            }
        }
        return sumOfPieces(sums, pieces: pieces).0
    }

    /// Σ dy·(x − mean) and Σ dy of every row.
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    func centeredProducts(
        _ outputGradient: Matrix<Scalar>, _ input: Matrix<Scalar>, _ means: [Scalar]
    ) -> (Matrix<Scalar>, Matrix<Scalar>) {
        let rows = input.rows
        let pieces = pieceCount(input.columns, atLeast: columnGrain(rows: rows))
        var sums = Matrix<Scalar>(rows: rows, columns: 2 * pieces)
        changing(&sums) { sums in
            withPointers(outputGradient, input, Matrix(rows: rows, columns: 1, elements: means)) { dy, x, means in
                inPieces(pieces, atLeast: 1) { own in
                    for index in own {
                        let columns = piece(index, of: pieces, input.columns)
                        let start = columns.lowerBound * rows
                        addProducts(
                            dy + start, x + start, means, rows: rows, columns: columns.count, sums + 2 * index * rows)
                    }
                }
            }
        }
        return sumOfPieces(sums, pieces: pieces)
    }

    /// Means and Σ (x − mean)² of every row.
    ///
    /// Source: Chan, Golub, LeVeque, "Algorithms for computing the sample variance", 1983, equation 2.1.
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    func rowMoments(_ a: Matrix<Scalar>) -> (means: [Scalar], squares: [Scalar]) {
        let rows = a.rows
        let pieces = pieceCount(a.columns, atLeast: columnGrain(rows: rows))
        var moments = Matrix<Scalar>(rows: rows, columns: 2 * pieces)
        changing(&moments) { moments in
            a.withElements { x in
                inPieces(pieces, atLeast: 1) { own in
                    for index in own {
                        let columns = piece(index, of: pieces, a.columns)
                        setMoments(
                            x + columns.lowerBound * rows, rows: rows, columns: columns.count,
                            moments + 2 * index * rows)
                    }
                }
            }
        }
        var (means, squares) = (Array(moments.column(0)), Array(moments.column(1)))
        for index in 1..<max(pieces, 1) {
            let columns = piece(index, of: pieces, a.columns)
            let share = Scalar(columns.count) / Scalar(columns.upperBound)
            for row in 0..<rows {
                let difference = moments[row, 2 * index] - means[row]
                means[row] += difference * share
                squares[row] += moments[row, 2 * index + 1] + difference * difference * share * Scalar(columns.lowerBound)
            }
        }
        return (means, squares)
    }

    @inline(__always)
    private func addProducts(
        _ dy: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, _ means: UnsafePointer<Scalar>, rows: Int,
        columns: Int, _ sums: UnsafeMutablePointer<Scalar>
    ) {
        if hasKernels {
            return kernels.batch_products(
                floats(dy), floats(x), floats(means), rows, columns, floats(sums), floats(sums + rows))
        }
        for column in 0..<columns {
            for row in 0..<rows {
                let index = column * rows + row
                sums[row] += dy[index] * (x[index] - means[row])
                sums[rows + row] += dy[index]
            }
        }
    }

    @inline(__always)
    private func setMoments(
        _ x: UnsafePointer<Scalar>, rows: Int, columns: Int, _ moments: UnsafeMutablePointer<Scalar>
    ) {
        if hasKernels {
            return kernels.row_moments(floats(x), rows, columns, floats(moments), floats(moments + rows))
        }
        guard columns > 0 else { return }
        for column in 0..<columns {
            for row in 0..<rows { moments[row] += x[column * rows + row] }
        }
        for row in 0..<rows { moments[row] /= Scalar(columns) }
        for column in 0..<columns {
            for row in 0..<rows {
                let deviation = x[column * rows + row] - moments[row]
                moments[rows + row] += deviation * deviation
            }
        }
    }
}
