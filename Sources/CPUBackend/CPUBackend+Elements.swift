import Compute
import MatrixCore

/// Blocks of a tensor and the passes of first-order optimizers, entry by entry.
extension CPUBackend {
    public func zeros(rows: Int, columns: Int) -> Matrix<Scalar> { Matrix(rows: rows, columns: columns) }
    public func identity(_ order: Int) -> Matrix<Scalar> { .identity(order) }

    public func reshaped(_ a: Matrix<Scalar>, rows: Int, columns: Int) -> Matrix<Scalar> {
        Matrix(rows: rows, columns: columns, elements: a.elements)
    }

    public func transposed(_ a: Matrix<Scalar>) -> Matrix<Scalar> { a.transposed }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func block(_ a: Matrix<Scalar>, rows: Range<Int>, columns: Range<Int>) -> Matrix<Scalar> {
        requireInside(a, rows, columns)
        if rows == 0..<a.rows && columns == 0..<a.columns { return a }
        return filled(rows: rows.count, columns: columns.count) { target in
            a.withElements { source in
                inPieces(columns.count, atLeast: columnGrain(rows: rows.count)) { own in
                    for column in own {
                        let start = (columns.lowerBound + column) * a.rows + rows.lowerBound
                        (target + column * rows.count).initialize(from: source + start, count: rows.count)
                    }
                }
            }
        }
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func setBlock(
        _ a: inout Matrix<Scalar>, rows: Range<Int>, columns: Range<Int>, to block: Matrix<Scalar>
    ) {
        requireInside(a, rows, columns)
        precondition(
            block.rows == rows.count && block.columns == columns.count,
            "\(block.rows) × \(block.columns) into \(rows.count) × \(columns.count)")
        if rows == 0..<a.rows && columns == 0..<a.columns {
            a = block
            return
        }
        let height = a.rows
        changing(&a) { target in
            block.withElements { source in
                inPieces(columns.count, atLeast: columnGrain(rows: rows.count)) { own in
                    for column in own {
                        let start = (columns.lowerBound + column) * height + rows.lowerBound
                        (target + start).update(from: source + column * rows.count, count: rows.count)
                    }
                }
            }
        }
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func combine(
        _ alpha: Scalar, _ a: Matrix<Scalar>, _ beta: Scalar, _ b: Matrix<Scalar>
    ) -> Matrix<Scalar> {
        entries(a, b) { x, y, result, range in
            if hasKernels {
                return kernels.combine(Float(alpha), floats(x), Float(beta), floats(y), range.count, floats(result))
            }
            for index in range { result[index] = alpha * x[index] + beta * y[index] }
        }
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func combine(_ alpha: Scalar, into a: inout Matrix<Scalar>, _ beta: Scalar, _ b: Matrix<Scalar>) {
        update(&a, b, b) { x, y, _, count in
            if hasKernels {
                return kernels.combine(Float(alpha), floats(x), Float(beta), floats(y), count, floats(x))
            }
            for index in 0..<count { x[index] = alpha * x[index] + beta * y[index] }
        }
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func elementwiseProduct(_ a: Matrix<Scalar>, _ b: Matrix<Scalar>) -> Matrix<Scalar> {
        entries(a, b) { x, y, result, range in
            if hasKernels { return kernels.product(floats(x), floats(y), range.count, floats(result)) }
            for index in range { result[index] = x[index] * y[index] }
        }
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func combineSquares(_ alpha: Scalar, into a: inout Matrix<Scalar>, _ beta: Scalar, _ b: Matrix<Scalar>) {
        update(&a, b, b) { x, y, _, count in
            if hasKernels {
                return kernels.combine_squares(Float(alpha), floats(x), Float(beta), floats(y), count)
            }
            for index in 0..<count { x[index] = alpha * x[index] + beta * (y[index] * y[index]) }
        }
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func addQuotient(
        _ alpha: Scalar, into a: inout Matrix<Scalar>, _ b: Matrix<Scalar>, rootOf c: Matrix<Scalar>, scale: Scalar,
        offset: Scalar
    ) {
        update(&a, b, c) { x, y, z, count in
            if hasKernels {
                return kernels.add_quotient(
                    Float(alpha), floats(x), floats(y), floats(z), Float(scale), Float(offset), count)
            }
            for index in 0..<count { x[index] += alpha * (y[index] / (z[index].squareRoot() * scale + offset)) }
        }
    }

    /// Changes the entries of `a` in pieces, given those of two others.
    @inline(__always)
    private func update(
        _ a: inout Matrix<Scalar>, _ b: Matrix<Scalar>, _ c: Matrix<Scalar>,
        _ body: (UnsafeMutablePointer<Scalar>, UnsafePointer<Scalar>, UnsafePointer<Scalar>, Int) -> Void
    ) {
        requireEqualShapes(a, b)
        requireEqualShapes(a, c)
        let count = a.elements.count
        changing(&a) { x in
            b.withElements { y in
                c.withElements { z in
                    inPieces(count, atLeast: smallestPiece) {
                        body(x + $0.lowerBound, y + $0.lowerBound, z + $0.lowerBound, $0.count)
                    }
                }
            }
        }
    }

    private func requireInside(_ a: Matrix<Scalar>, _ rows: Range<Int>, _ columns: Range<Int>) {
        precondition(
            rows.lowerBound >= 0 && rows.upperBound <= a.rows && columns.lowerBound >= 0
                && columns.upperBound <= a.columns, "rows \(rows), columns \(columns) of \(a.rows) × \(a.columns)")
    }
}
