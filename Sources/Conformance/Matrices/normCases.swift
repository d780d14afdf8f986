import Compute
import MatrixCore

/// Numbers that stand for tensors and columns. A sum of n squares or products in any order is off by (n + 1)·u of the sum of
/// magnitudes; a root halves that and rounds once more.
func normCases<Backend: MatrixBackend>() -> [ConformanceCase<Backend>] {
    let wholes: [ConformanceCase<Backend>] = shapes.map { rows, columns in
        ConformanceCase("norms and largestMagnitudes, \(rows) × \(columns)") { judge in
            judgeNorms(deviates(rows, columns, seed: 11), &judge)
        }
    }
    let columns: [ConformanceCase<Backend>] = shapes.map { rows, columns in
        ConformanceCase("squaredColumnNorms, columnProducts and columnMagnitudes, \(rows) × \(columns)") { judge in
            judgeColumns(deviates(rows, columns, seed: 11), deviates(rows, columns, seed: 12), &judge)
        }
    }
    return wholes + columns + [0, 1, 2, 65, 300].map { distanceCase($0) } + [extremeCase()]
}

private func judgeNorms<Backend: MatrixBackend>(_ a: Matrix<Backend.Scalar>, _ judge: inout Judge<Backend>) {
    let expected: Double = a.elements.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    let largest = a.elements.reduce(0) { max($0, $1.magnitude) }
    let tensors = [judge.backend.tensor(a), judge.backend.identity(4), judge.backend.tensor(a)]
    let (norms, magnitudes) = (judge.backend.norms(of: tensors), judge.backend.largestMagnitudes(of: tensors))
    judge.expect(norms.count == 3 && norms[1] == 2 && norms[0] == norms[2], "norms \(norms)")
    judge.expect(magnitudes == [largest, 1, largest], "magnitudes \(magnitudes) instead of \(largest)")
    let bound = Double(a.elements.count + 2) * judge.unit * expected
    judge.expect((Double(norms[0]) - expected).magnitude, atMost: bound, "norm")
}

private func judgeColumns<Backend: MatrixBackend>(
    _ a: Matrix<Backend.Scalar>, _ b: Matrix<Backend.Scalar>, _ judge: inout Judge<Backend>
) {
    let (x, y) = (Matrix<Double>(a), Matrix<Double>(b))
    let tensors = (judge.backend.tensor(a), judge.backend.tensor(b))
    let factor = Double(a.rows + 1) * judge.unit
    let squares = columnSums(x.combined(x, *))
    judge.expect(
        judge.backend.squaredColumnNorms(tensors.0), within: squares.map { factor * $0 }, of: squares, "squaredColumnNorms")
    let magnitudes = columnSums(x.combined(y, *).magnitudes)
    judge.expect(
        judge.backend.columnProducts(tensors.0, tensors.1), within: magnitudes.map { factor * $0 },
        of: columnSums(x.combined(y, *)), "columnProducts")
    judge.expectEqual(
        judge.backend.columnMagnitudes(tensors.0), (0..<a.columns).map { a.column($0).reduce(0) { max($0, $1.magnitude) } },
        "columnMagnitudes")
}

private func columnSums(_ a: Matrix<Double>) -> [Double] {
    (0..<a.columns).map { a.column($0).reduce(0, +) }
}

private func distanceCase<Backend: MatrixBackend>(_ order: Int) -> ConformanceCase<Backend> {
    ConformanceCase("distanceFromIdentity, order \(order)") { judge in
        var a: Matrix<Backend.Scalar> = deviates(order, order, seed: 13)
        let backend = judge.backend
        func distance() -> Backend.Vector { backend.distanceFromIdentity(backend.tensor(a)) }
        var expected: Backend.Scalar = 0
        for column in 0..<order {
            for row in 0..<order { expected = max(expected, (a[row, column] - (row == column ? 1 : 0)).magnitude) }
        }
        judge.expectEqual(distance(), [expected])
        guard order > 0 else { return }
        a[order - 1, order / 2] = .nan
        judge.expectEqual(distance(), [.nan], "with a NaN")
        if order > 1 { a[0, 0] = .infinity }
        judge.expectEqual(distance(), [.nan], "with an infinity before a NaN")
    }
}

/// Entries whose squares leave the range of the scalar, and ones that are not finite.
private func extremeCase<Backend: MatrixBackend>() -> ConformanceCase<Backend> {
    ConformanceCase("norms at the ends of the range") { judge in
        let backend = judge.backend
        let large = Backend.Scalar(sign: .plus, exponent: Backend.Scalar.greatestFiniteMagnitude.exponent - 4, significand: 1)
        func tensor(_ values: [Backend.Scalar]) -> Backend.Tensor {
            backend.tensor(Matrix(rows: values.count, columns: 1, elements: values))
        }
        let lists: [([Backend.Scalar], Backend.Scalar, Backend.Scalar)] = [
            ([3 * large, -4 * large], 5 * large, 4 * large), ([3 / large, -4 / large], 5 / large, 4 / large),
            ([0, -0.0], 0, 0), ([1, -.infinity], .infinity, .infinity), ([1, .nan, 2], .nan, .nan),
        ]
        let tensors = lists.map { tensor($0.0) }
        for (list, (norm, largest)) in zip(lists, zip(backend.norms(of: tensors), backend.largestMagnitudes(of: tensors))) {
            judge.expect(norm == list.1 || (norm.isNaN && list.1.isNaN), "norm of \(list.0): \(norm)")
            judge.expect(largest == list.2 || (largest.isNaN && list.2.isNaN), "largest magnitude of \(list.0): \(largest)")
            judge.expectEqual(backend.columnMagnitudes(tensor(list.0)), [list.2], "largest magnitude of the column \(list.0)")
        }
    }
}
