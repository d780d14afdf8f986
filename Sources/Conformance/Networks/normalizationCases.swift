import Compute
import MatrixCore

/// Rows and columns: nothing, one, odd ones, around the registers' widths, enough for several pieces.
private let sizes = [
    (1, 1), (3, 1), (1, 3), (7, 5), (16, 33), (17, 64), (33, 17), (64, 100), (384, 97), (16, 4099), (65, 2048), (4, 0),
    (1001, 300),
]

private let offset = 0x1p-10

func normalizationCases<Backend: NeuralBackend>() -> [ConformanceCase<Backend>] {
    rootCases()
        + sizes.flatMap { rows, columns in
            [true, false].map { byColumn in
                ConformanceCase("\(byColumn ? "layer" : "batch")Normalization, \(rows) × \(columns)") { judge in
                    let inputs = NormalizationInputs<Backend>(rows, columns, byColumn: byColumn)
                    let statistics = inputs.judgeForward(&judge)
                    inputs.judgeGradient(statistics, &judge)
                    if !byColumn { inputs.judgeGiven(&judge) }
                }
            }
        }
}

/// γ∘(x − mean)/√(variance + offset) + β over columns or rows of entries in [2, 4): a mean that is large next to the deviation,
/// as a variance by differences of squares would lose.
private struct NormalizationInputs<Backend: NeuralBackend> {
    let byColumn: Bool
    let (x, gain, bias, outer): (Matrix<Backend.Scalar>, Matrix<Backend.Scalar>, Matrix<Backend.Scalar>, Matrix<Backend.Scalar>)

    init(_ rows: Int, _ columns: Int, byColumn: Bool) {
        self.byColumn = byColumn
        x = deviates(rows, columns, seed: 27).mapped { $0 + 3 }
        gain = deviates(rows, 1, seed: 28)
        bias = deviates(rows, 1, seed: 29)
        outer = deviates(rows, columns, seed: 30)
    }

    /// Entries in a group, and the places of a group.
    private var count: Int { byColumn ? x.rows : x.columns }
    private var groups: Int { byColumn ? x.columns : x.rows }
    private func places(_ group: Int) -> [(row: Int, column: Int)] {
        (0..<count).map { byColumn ? ($0, group) : (group, $0) }
    }

    /// With entries below 4 the mean is off by at most 4·n·u, the deviations by as much, the inverse deviation, at most 32 here,
    /// relatively by (n + 4)·u + 32·4·n·u; gains and biases are below 1, and of n numbers none is further than √n deviations
    /// from their mean.
    func judgeForward(_ judge: inout Judge<Backend>) -> NormalizationStatistics<Backend.Vector> {
        let (backend, tensors) = (judge.backend, [x, gain, bias].map { judge.backend.tensor($0) })
        let scalarOffset = Backend.Scalar(offset)
        let found =
            byColumn
            ? backend.layerNormalization(tensors[0], gain: tensors[1], bias: tensors[2], offset: scalarOffset)
            : backend.batchNormalization(tensors[0], gain: tensors[1], bias: tensors[2], offset: scalarOffset)
        var expected = Matrix<Double>(x)
        for group in 0..<groups {
            let values = places(group).map { Double(x[$0.row, $0.column]) }
            let mean = values.reduce(0, +) / Double(count)
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
            for (place, value) in zip(places(group), values) {
                expected[place.row, place.column] =
                    Double(gain[place.row, 0]) * (value - mean) / (variance + offset).squareRoot()
                    + Double(bias[place.row, 0])
            }
        }
        let n = Double(count)
        let normalized = min(n.squareRoot(), 4 * 32)
        let factor = 32 * 4 * (n + 1) * (1 + normalized) + (n + 8) * normalized + 2
        judge.expect(found.output, within: factor * judge.unit, of: expected, "output")
        return found.statistics
    }

    /// With x̂ the normalized entry by the statistics that the backend gives, and g = γ∘dy: dx = (g − mean(g) −
    /// x̂·mean(g∘x̂))·inverse deviation; the gain's gradient is Σ dy·x̂, the bias's Σ dy. Sums of c terms below z = 4·(inverse
    /// deviation) are off by (c + 4)·c·z·u; the input's gradient subtracts two means of n such terms.
    func judgeGradient(_ statistics: NormalizationStatistics<Backend.Vector>, _ judge: inout Judge<Backend>) {
        let backend = judge.backend
        let (dy, input, scale) = (backend.tensor(outer), backend.tensor(x), backend.tensor(gain))
        let found =
            byColumn
            ? backend.layerNormalizationGradient(dy, input: input, gain: scale, statistics: statistics)
            : backend.batchNormalizationGradient(dy, input: input, gain: scale, statistics: statistics)
        let host = backend.values(of: [statistics.means, statistics.inverseDeviations]).map { $0.map { Double($0) } }
        var dx = Matrix<Double>(x)
        var (gains, biases) = (Matrix<Double>(rows: x.rows, columns: 1), Matrix<Double>(rows: x.rows, columns: 1))
        for group in 0..<groups {
            let (mean, inverse) = (host[0][group], host[1][group])
            var (plain, weighted) = (0.0, 0.0)
            for (row, column) in places(group) {
                let (normalized, g) = ((Double(x[row, column]) - mean) * inverse, Double(outer[row, column]))
                plain += Double(gain[row, 0]) * g / Double(count)
                weighted += Double(gain[row, 0]) * g * normalized / Double(count)
                gains[row, 0] += g * normalized
                biases[row, 0] += g
            }
            for (row, column) in places(group) {
                let (normalized, g) = ((Double(x[row, column]) - mean) * inverse, Double(outer[row, column]))
                dx[row, column] = (Double(gain[row, 0]) * g - plain - normalized * weighted) * inverse
            }
        }
        let inverse = host[1].max() ?? 0
        let (normalized, columns) = (4 * inverse, Double(x.columns))
        let sums = (columns + 4) * columns * max(normalized, 1) * judge.unit
        judge.expect(found.gain, within: sums, of: gains, "gain")
        judge.expect(found.bias, within: sums, of: biases, "bias")
        let bound = inverse * Double(count + 8) * 2 * (1 + normalized + normalized * normalized) * judge.unit
        judge.expect(found.input, within: bound, of: dx, "input")
    }

    /// In evaluation, with statistics from outside: four roundings of terms below 5.
    func judgeGiven(_ judge: inout Judge<Backend>) {
        let backend = judge.backend
        let (means, inverses) = (
            (0..<x.rows).map { Backend.Scalar($0 % 3) + 2 }, (0..<x.rows).map { Backend.Scalar($0 % 2 + 1) }
        )
        let found = backend.batchNormalization(
            backend.tensor(x), gain: backend.tensor(gain), bias: backend.tensor(bias),
            statistics: NormalizationStatistics(means: backend.vector(means), inverseDeviations: backend.vector(inverses)))
        var expected = Matrix<Double>(x)
        for column in 0..<x.columns {
            for row in 0..<x.rows {
                expected[row, column] =
                    Double(gain[row, 0]) * (Double(x[row, column]) - Double(means[row])) * Double(inverses[row])
                    + Double(bias[row, 0])
            }
        }
        judge.expect(found, within: 4 * 5 * judge.unit, of: expected, "with given statistics")
    }
}
