import Compute
import MatrixCore

/// Arithmetic entry by entry. Every operation rounds once, or is fused with the next: an entry of a few operations is off by a
/// unit of its largest term for each.
func entryCases<Backend: MatrixBackend>() -> [ConformanceCase<Backend>] {
    let general: [ConformanceCase<Backend>] = shapes.flatMap { rows, columns -> [ConformanceCase<Backend>] in
        let (a, b): (Matrix<Backend.Scalar>, Matrix<Backend.Scalar>) = (
            deviates(rows, columns, seed: 4), deviates(rows, columns, seed: 5)
        )
        let size = "\(rows) × \(columns)"
        return [
            ConformanceCase("combine, \(size)") { judge in combine(a, b, &judge) },
            ConformanceCase("elementwiseProduct, \(size)") { judge in
                judge.expectEqual(
                    judge.backend.elementwiseProduct(judge.backend.tensor(a), judge.backend.tensor(b)), a.combined(b, *))
            },
            ConformanceCase("combineSquares and addQuotient, \(size)") { judge in moveInPlace(a, b, &judge) },
            ConformanceCase("scaleByLesser, \(size)") { judge in scaleByLesser(a, &judge) },
            ConformanceCase("scaleColumns and orientColumns, \(size)") { judge in
                let factors = (0..<columns).map { Backend.Scalar($0 % 5) - 2 }
                var (scaled, oriented) = (a, a)
                for column in 0..<columns {
                    let largest = a.column(column).reduce(0) { $1.magnitude > $0.magnitude ? $1 : $0 }
                    for row in 0..<rows {
                        scaled[row, column] *= factors[column]
                        if largest < 0 { oriented[row, column].negate() }
                    }
                }
                let tensor = judge.backend.tensor(a)
                judge.expectEqual(
                    judge.backend.scaleColumns(tensor, by: judge.backend.vector(factors)), scaled, "scaleColumns")
                judge.expectEqual(judge.backend.orientColumns(tensor), oriented, "orientColumns")
            },
        ]
    }
    let square: [ConformanceCase<Backend>] = [0, 1, 2, 33, 64, 300].map { order in
        ConformanceCase("addToDiagonal and symmetrize, order \(order)") { judge in
            let a: Matrix<Backend.Scalar> = deviates(order, order, seed: 6)
            var (raised, symmetric) = (a, Matrix<Double>(a))
            for column in 0..<order {
                raised[column, column] += 0.5
                for row in 0..<order { symmetric[row, column] = Double(a[row, column] + a[column, row]) / 2 }
            }
            let tensor = judge.backend.tensor(a)
            judge.expectEqual(judge.backend.addToDiagonal(tensor, 0.5), raised, "addToDiagonal")
            let found = judge.backend.symmetrize(tensor)
            judge.expect(found, within: judge.unit, of: symmetric, "symmetrize")
            judge.expectEqual(found, judge.backend.matrix(found).transposed, "symmetrize beside its transpose")
            judge.expectEqual(judge.backend.symmetrize(found), judge.backend.matrix(found), "symmetrize of it")
        }
    }
    return general + square
}

private func combine<Backend: MatrixBackend>(
    _ a: Matrix<Backend.Scalar>, _ b: Matrix<Backend.Scalar>, _ judge: inout Judge<Backend>
) {
    let (backend, x, y) = (judge.backend, judge.backend.tensor(a), judge.backend.tensor(b))
    let (alpha, beta): (Backend.Scalar, Backend.Scalar) = (0.3, -0.7)
    let expected = Matrix<Double>(a).combined(Matrix<Double>(b)) { Double(alpha) * $0 + Double(beta) * $1 }
    judge.expect(backend.combine(alpha, x, beta, y), within: 2 * judge.unit, of: expected)
    judge.expect(
        backend.scaled(alpha, x), within: judge.unit, of: Matrix<Double>(a).mapped { Double(alpha) * $0 }, "scaled")
    var sum = x
    backend.combine(alpha, into: &sum, beta, y)
    judge.expect(sum, within: 2 * judge.unit, of: expected, "in place")
    judge.expectEqual(x, a, "the tensor whose copy was changed")
}

/// Scales of 0 among them; an entry rounds once, so each way is exact.
private func scaleByLesser<Backend: MatrixBackend>(_ a: Matrix<Backend.Scalar>, _ judge: inout Judge<Backend>) {
    let rows = (0..<a.rows).map { (row: Int) -> Backend.Scalar in Backend.Scalar((row * 5 + 1) % 7) / 3 }
    let columns = (0..<a.columns).map { (column: Int) -> Backend.Scalar in Backend.Scalar((column * 3 + 2) % 5) / 2 }
    var (multiplied, divided) = (a, a)
    for column in 0..<a.columns {
        for row in 0..<a.rows {
            let scale = min(rows[row], columns[column])
            multiplied[row, column] *= scale
            divided[row, column] = scale == 0 ? 0 : a[row, column] / scale
        }
    }
    let (backend, tensor) = (judge.backend, judge.backend.tensor(a))
    for (isDivided, expected) in [(false, multiplied), (true, divided)] {
        let found = backend.scaleByLesser(
            tensor, rows: backend.vector(rows), columns: backend.vector(columns), isDivided: isDivided)
        judge.expectEqual(found, expected, "divided: \(isDivided)")
    }
}

private func moveInPlace<Backend: MatrixBackend>(
    _ a: Matrix<Backend.Scalar>, _ b: Matrix<Backend.Scalar>, _ judge: inout Judge<Backend>
) {
    let (backend, x, y) = (judge.backend, judge.backend.tensor(a), judge.backend.tensor(b))
    let (alpha, beta): (Backend.Scalar, Backend.Scalar) = (0.9, 0.1)
    var squares = x
    backend.combineSquares(alpha, into: &squares, beta, y)
    judge.expect(
        squares, within: 3 * judge.unit,
        of: Matrix<Double>(a).combined(Matrix<Double>(b)) { Double(alpha) * $0 + Double(beta) * $1 * $1 }, "combineSquares")
    // aᵢ + α·bᵢ/(√cᵢ·scale + offset), a quotient of at most 0.1/(0.5 + 0.1), off by five roundings of it.
    let roots = b.mapped { $0 * $0 + 1 }
    var moved = x
    backend.addQuotient(beta, into: &moved, y, rootOf: backend.tensor(roots), scale: 0.5, offset: 0.125)
    var expected = Matrix<Double>(a)
    for index in expected.elements.indices {
        let divisor = Double(roots.elements[index]).squareRoot() * 0.5 + 0.125
        expected.elements[index] += Double(beta) * Double(b.elements[index]) / divisor
    }
    judge.expect(moved, within: 3 * judge.unit, of: expected, "addQuotient")
    judge.expectEqual(x, a, "the tensor whose copies were changed")
}
