import Compute
import MatrixCore

/// What makes and moves entries; every result is exact.
func movementCases<Backend: MatrixBackend>() -> [ConformanceCase<Backend>] {
    let general: [ConformanceCase<Backend>] = shapes.flatMap { rows, columns -> [ConformanceCase<Backend>] in
        let a: Matrix<Backend.Scalar> = deviates(rows, columns, seed: 1)
        let size = "\(rows) × \(columns)"
        return [
            ConformanceCase("to the device and back, \(size)") { judge in
                let tensor = judge.backend.tensor(a)
                judge.expectEqual(tensor, a)
                let shape = judge.backend.shape(of: tensor)
                judge.expect(shape.rows == rows && shape.columns == columns, "shape \(shape)")
                judge.expect(
                    judge.backend.byteCount(tensor) == rows * columns * MemoryLayout<Backend.Scalar>.size, "bytes")
                let flat = judge.backend.vector(flattening: tensor)
                judge.expectEqual(flat, a.elements, "flattened")
                let values = judge.backend.values(of: [flat, judge.backend.vector([1, 2]), flat])
                judge.expect(values == [a.elements, [1, 2], a.elements], "values of several vectors")
            },
            ConformanceCase("zeros, \(size)") { judge in
                judge.expectEqual(judge.backend.zeros(rows: rows, columns: columns), Matrix(rows: rows, columns: columns))
            },
            ConformanceCase("reshaped and transposed, \(size)") { judge in
                let (backend, tensor) = (judge.backend, judge.backend.tensor(a))
                judge.expectEqual(
                    backend.reshaped(tensor, rows: columns, columns: rows),
                    Matrix(rows: columns, columns: rows, elements: a.elements), "reshaped")
                var turned = Matrix<Backend.Scalar>(rows: columns, columns: rows)
                for column in 0..<columns { for row in 0..<rows { turned[column, row] = a[row, column] } }
                judge.expectEqual(backend.transposed(tensor), turned, "transposed")
            },
            ConformanceCase("block and setBlock, \(size)") { judge in moveBlock(a, &judge) },
            ConformanceCase("selectColumns and select, \(size)") { judge in select(a, &judge) },
            ConformanceCase("diagonal, \(size)") { judge in
                judge.expectEqual(
                    judge.backend.diagonal(judge.backend.tensor(a)), (0..<min(rows, columns)).map { a[$0, $0] })
            },
        ]
    }
    let square: [ConformanceCase<Backend>] = [0, 1, 2, 31, 65, 300].map { order in
        ConformanceCase("identity and mirrorUpperTriangle, order \(order)") { judge in
            let a: Matrix<Backend.Scalar> = deviates(order, order, seed: 2)
            var (identity, mirrored) = (Matrix<Backend.Scalar>(rows: order, columns: order), a)
            for column in 0..<order {
                identity[column, column] = 1
                for row in 0..<order where row > column { mirrored[row, column] = a[column, row] }
            }
            judge.expectEqual(judge.backend.identity(order), identity, "identity")
            judge.expectEqual(judge.backend.mirrorUpperTriangle(judge.backend.tensor(a)), mirrored, "mirrored")
        }
    }
    return general + square
}

/// Of all, of none, of whole columns, and of what lies inside.
private func moveBlock<Backend: MatrixBackend>(_ a: Matrix<Backend.Scalar>, _ judge: inout Judge<Backend>) {
    let tensor = judge.backend.tensor(a)
    for (rows, columns) in [
        (0..<a.rows, 0..<a.columns), (0..<0, 0..<a.columns), (0..<a.rows, a.columns / 3..<a.columns),
        (a.rows / 3..<a.rows, a.columns / 4..<a.columns / 2 + a.columns % 2),
    ] {
        var part = Matrix<Backend.Scalar>(rows: rows.count, columns: columns.count)
        var changed = a
        let other: Matrix<Backend.Scalar> = deviates(rows.count, columns.count, seed: 3)
        for (column, source) in columns.enumerated() {
            for (row, origin) in rows.enumerated() {
                part[row, column] = a[origin, source]
                changed[origin, source] = other[row, column]
            }
        }
        judge.expectEqual(judge.backend.block(tensor, rows: rows, columns: columns), part, "block \(rows), \(columns)")
        var copy = tensor
        judge.backend.setBlock(&copy, rows: rows, columns: columns, to: judge.backend.tensor(other))
        judge.expectEqual(copy, changed, "setBlock \(rows), \(columns)")
        judge.expectEqual(tensor, a, "the tensor whose copy was changed")
    }
}

private func select<Backend: MatrixBackend>(_ a: Matrix<Backend.Scalar>, _ judge: inout Judge<Backend>) {
    let permutation = (0..<a.columns).sorted { ($0 * 7 % 11, $0) < ($1 * 7 % 11, $1) }
    for indices in [permutation, permutation.flatMap { [$0, $0] }, []] {
        let expected = Matrix(
            rows: a.rows, columns: indices.count, elements: indices.flatMap { column in (0..<a.rows).map { a[$0, column] } })
        judge.expectEqual(judge.backend.selectColumns(judge.backend.tensor(a), indices), expected, "selectColumns")
    }
    let values = (0..<a.columns).map { Backend.Scalar($0) }
    judge.expectEqual(
        judge.backend.select(judge.backend.vector(values), permutation: permutation), permutation.map { values[$0] }, "select")
}
