import Compute
import MatrixCore

/// γ∘x/√(mean(x²) + offset) over columns of entries in [−1, 1).
///
/// A mean of n squares is off by at most (n + 2)·u relatively, the inverse root of it and the offset by half of that and 3 u, a
/// product by a u each. In the gradient, by the inverses that the backend gives, with g = γ∘dy: a mean of n products g·x̂ is off
/// by (n + 4)·u of that of their magnitudes, and a sum over columns likewise.
func rootCases<Backend: NeuralBackend>() -> [ConformanceCase<Backend>] {
    [(1, 1), (3, 1), (7, 5), (16, 33), (33, 17), (384, 97), (65, 2048), (4, 0)].map { rows, columns in
        ConformanceCase("rootMeanSquareNormalization, \(rows) × \(columns)") { judge in
            let offset = 0x1p-10
            let x: Matrix<Backend.Scalar> = deviates(rows, columns, seed: 44)
            let gain: Matrix<Backend.Scalar> = deviates(rows, 1, seed: 45)
            let outer: Matrix<Backend.Scalar> = deviates(rows, columns, seed: 46)
            let (backend, unit) = (judge.backend, judge.unit)
            let (tensor, gains) = (backend.tensor(x), backend.tensor(gain))
            let found = backend.rootMeanSquareNormalization(tensor, gain: gains, offset: Backend.Scalar(offset))
            var output = Matrix<Double>(x)
            for column in 0..<columns {
                let square = (0..<rows).reduce(0) { $0 + Double(x[$1, column]) * Double(x[$1, column]) } / Double(rows)
                for row in 0..<rows { output[row, column] *= Double(gain[row, 0]) / (square + offset).squareRoot() }
            }
            let relative = (Double(rows) / 2 + 8) * unit
            judge.expect(found.output, within: output.mapped { $0.magnitude * relative }, of: output, "output")

            let gradient = backend.rootMeanSquareNormalizationGradient(
                backend.tensor(outer), input: tensor, gain: gains, inverses: found.inverses)
            let inverses = backend.values(of: found.inverses).map { Double($0) }
            var (dx, bounds) = (Matrix<Double>(x), Matrix<Double>(x))
            var (sums, sumBounds) = (Matrix<Double>(rows: rows, columns: 1), Matrix<Double>(rows: rows, columns: 1))
            for column in 0..<columns {
                let inverse = inverses[column]
                let normalized = (0..<rows).map { Double(x[$0, column]) * inverse }
                let slopes = (0..<rows).map { Double(outer[$0, column]) }
                let terms = (0..<rows).map { Double(gain[$0, 0]) * slopes[$0] * normalized[$0] }
                let mean = terms.reduce(0, +) / Double(rows)
                let magnitude = terms.reduce(0) { $0 + $1.magnitude } / Double(rows)
                for row in 0..<rows {
                    let g = Double(gain[row, 0]) * slopes[row]
                    dx[row, column] = (g - normalized[row] * mean) * inverse
                    bounds[row, column] =
                        inverse * (4 * g.magnitude + normalized[row].magnitude * magnitude * Double(rows + 10)) * unit
                    sums[row, 0] += slopes[row] * normalized[row]
                    sumBounds[row, 0] += (slopes[row] * normalized[row]).magnitude * Double(columns + 4) * unit
                }
            }
            judge.expect(gradient.input, within: bounds, of: dx, "input")
            judge.expect(gradient.gain, within: sumBounds, of: sums, "gain")
        }
    }
}
