import Compute
import MatrixCore

/// Products. A sum of n products in any order, rounded or fused, is off by at most (n + 1)·u of the sum of their magnitudes
/// (Higham, Accuracy and Stability, section 3.1), and by u more for α.
func productCases<Backend: MatrixBackend>() -> [ConformanceCase<Backend>] {
    let shapes = [
        (0, 3, 4), (3, 0, 4), (3, 4, 0), (1, 1, 1), (2, 3, 5), (7, 65, 16), (64, 64, 64), (131, 60, 97), (61, 130, 97),
        (1, 3001, 300), (3001, 1, 300), (2, 2, 200_000), (3, 7000, 5),
    ]
    let general = shapes.map { rows, columns, depth in
        ConformanceCase<Backend>("multiply, \(rows) × \(columns), depth \(depth)") { judge in
            multiply(rows, columns, depth, &judge)
        }
    }
    let symmetric = [(0, 3), (3, 0), (1, 1), (5, 3), (64, 64), (131, 97), (90, 200), (3, 60_000), (193, 40)]
        .map { order, depth in
            ConformanceCase<Backend>("symmetricProduct, order \(order), depth \(depth)") { judge in
                multiplyByTranspose(order, depth, &judge)
            }
        }
    return general + symmetric
}

private func multiply<Backend: MatrixBackend>(_ rows: Int, _ columns: Int, _ depth: Int, _ judge: inout Judge<Backend>) {
    let a: Matrix<Backend.Scalar> = deviates(rows, depth, seed: 7)
    let b: Matrix<Backend.Scalar> = deviates(depth, columns, seed: 8)
    let (x, y) = (Matrix<Double>(a), Matrix<Double>(b))
    let expected = product(x, y).mapped { $0 / 2 }
    let factor = 1.01 * Double(depth + 2) * judge.unit / 2
    let bounds = product(x.magnitudes, y.magnitudes).mapped { $0 * factor }
    for left in [false, true] {
        for right in [false, true] {
            let found = judge.backend.multiply(
                judge.backend.tensor(left ? a.transposed : a), transposed: left,
                judge.backend.tensor(right ? b.transposed : b), transposed: right, alpha: 0.5)
            judge.expect(found, within: bounds, of: expected, "transposed \(left), \(right)")
        }
    }
}

private func multiplyByTranspose<Backend: MatrixBackend>(_ order: Int, _ depth: Int, _ judge: inout Judge<Backend>) {
    let a: Matrix<Backend.Scalar> = deviates(order, depth, seed: 9)
    let x = Matrix<Double>(a)
    let expected = product(x, x.transposed).mapped { $0 / 2 }
    let factor = 1.01 * Double(depth + 2) * judge.unit / 2
    let bounds = product(x.magnitudes, x.magnitudes.transposed).mapped { $0 * factor }
    for transposed in [false, true] {
        let found = judge.backend.symmetricProduct(
            judge.backend.tensor(transposed ? a.transposed : a), transposed: transposed, alpha: 0.5)
        judge.expect(found, within: bounds, of: expected, "transposed \(transposed)")
        judge.expectEqual(found, judge.backend.matrix(found).transposed, "beside its transpose")
    }
}
