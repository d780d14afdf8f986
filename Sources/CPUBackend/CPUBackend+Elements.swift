import MatrixCore

/// Blocks of a tensor and the passes of first-order optimizers, entry by entry.
extension CPUBackend {
    public func byteCount(_ tensor: Matrix<Scalar>) -> Int { tensor.elements.count * MemoryLayout<Scalar>.stride }

    public func block(_ a: Matrix<Scalar>, rows: Range<Int>, columns: Range<Int>) -> Matrix<Scalar> {
        requireInside(a, rows, columns)
        if rows == 0..<a.rows && columns == 0..<a.columns { return a }
        var elements: [Scalar] = []
        elements.reserveCapacity(rows.count * columns.count)
        for column in columns {
            elements.append(contentsOf: a.elements[column * a.rows + rows.lowerBound..<column * a.rows + rows.upperBound])
        }
        return Matrix(rows: rows.count, columns: columns.count, elements: elements)
    }

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
        a.elements.withUnsafeMutableBufferPointer { target in
            block.elements.withUnsafeBufferPointer { source in
                for column in 0..<columns.count {
                    let start = (columns.lowerBound + column) * height + rows.lowerBound
                    for row in 0..<rows.count { target[start + row] = source[column * rows.count + row] }
                }
            }
        }
    }

    public func columnProducts(_ a: Matrix<Scalar>, _ b: Matrix<Scalar>) -> [Scalar] {
        requireEqualShapes(a, b)
        return (0..<a.columns).map { sumOfProducts(Array(a.column($0)), Array(b.column($0))) }
    }

    public func combine(_ alpha: Scalar, into a: inout Matrix<Scalar>, _ beta: Scalar, _ b: Matrix<Scalar>) {
        requireEqualShapes(a, b)
        a.elements.withUnsafeMutableBufferPointer { x in
            b.elements.withUnsafeBufferPointer { y in
                for index in x.indices { x[index] = alpha * x[index] + beta * y[index] }
            }
        }
    }

    public func combineSquares(_ alpha: Scalar, into a: inout Matrix<Scalar>, _ beta: Scalar, _ b: Matrix<Scalar>) {
        requireEqualShapes(a, b)
        a.elements.withUnsafeMutableBufferPointer { x in
            b.elements.withUnsafeBufferPointer { y in
                for index in x.indices { x[index] = alpha * x[index] + beta * (y[index] * y[index]) }
            }
        }
    }

    public func addQuotient(
        _ alpha: Scalar, into a: inout Matrix<Scalar>, _ b: Matrix<Scalar>, rootOf c: Matrix<Scalar>, scale: Scalar,
        offset: Scalar
    ) {
        requireEqualShapes(a, b)
        requireEqualShapes(a, c)
        a.elements.withUnsafeMutableBufferPointer { x in
            b.elements.withUnsafeBufferPointer { y in
                c.elements.withUnsafeBufferPointer { z in
                    for index in x.indices {
                        x[index] += alpha * (y[index] / (z[index].squareRoot() * scale + offset))
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
