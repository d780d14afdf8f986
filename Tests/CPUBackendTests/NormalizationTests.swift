import CPUBackend
import Compute
import MatrixCore
import TestSupport
import Testing

/// γ∘(x − mean)/√(variance + offset) + β over the given groups of entries.
private func directNormalization(
    _ x: Matrix<Double>, _ gain: Matrix<Double>, _ bias: Matrix<Double>, offset: Double, byColumn: Bool
) -> Matrix<Double> {
    var output = x
    let (outer, inner) = byColumn ? (x.columns, x.rows) : (x.rows, x.columns)
    for group in 0..<outer {
        let places = (0..<inner).map { byColumn ? ($0, group) : (group, $0) }
        let mean = places.reduce(0) { $0 + x[$1.0, $1.1] } / Double(inner)
        let variance = places.reduce(0) { $0 + (x[$1.0, $1.1] - mean) * (x[$1.0, $1.1] - mean) } / Double(inner)
        for (row, column) in places {
            output[row, column] =
                gain.elements[row] * (x[row, column] - mean) / (variance + offset).squareRoot() + bias.elements[row]
        }
    }
    return output
}

private let offset = 0x1p-10

/// A row with a mean that is large next to its deviation, as a variance by differences of squares would lose.
private func sample(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix<Float> {
    Matrix<Float>.random(rows: rows, columns: columns, seed: seed).mapped { $0 + 3 }
}

@Suite struct NormalizationTests {
    private func normalize<Backend: NeuralBackend>(
        _ backend: Backend, _ x: Backend.Tensor, _ gain: Backend.Tensor, _ bias: Backend.Tensor,
        byColumn: Bool
    ) -> (output: Backend.Tensor, statistics: NormalizationStatistics<Backend.Vector>) {
        byColumn
            ? backend.layerNormalization(x, gain: gain, bias: bias, offset: Backend.Scalar(offset))
            : backend.batchNormalization(x, gain: gain, bias: bias, offset: Backend.Scalar(offset))
    }

    private func gradient<Backend: NeuralBackend>(
        _ backend: Backend, _ dy: Backend.Tensor, _ x: Backend.Tensor, _ gain: Backend.Tensor,
        _ statistics: NormalizationStatistics<Backend.Vector>, byColumn: Bool
    ) -> (input: Backend.Tensor, gain: Backend.Tensor, bias: Backend.Tensor) {
        byColumn
            ? backend.layerNormalizationGradient(dy, input: x, gain: gain, statistics: statistics)
            : backend.batchNormalizationGradient(dy, input: x, gain: gain, statistics: statistics)
    }

    /// At the step taken, truncation is below 1e-6 (third derivatives of a quotient by at least 1/32) and rounding of the
    /// loss over the step below 1e-8.
    @Test(arguments: [true, false]) func gradientsAreDifferences(byColumn: Bool) {
        let backend = CPUBackend<Double>()
        for (rows, columns) in [(3, 5), (7, 4), (4, 9)] {
            let x = Matrix<Double>.random(rows: rows, columns: columns, seed: 4)
            let gain = Matrix<Double>.random(rows: rows, columns: 1, seed: 5)
            let bias = Matrix<Double>.random(rows: rows, columns: 1, seed: 6)
            let g = Matrix<Double>.random(rows: rows, columns: columns, seed: 7)
            let statistics = normalize(backend, x, gain, bias, byColumn: byColumn).statistics
            let result = gradient(backend, g, x, gain, statistics, byColumn: byColumn)
            func loss(_ x: Matrix<Double>, _ gain: Matrix<Double>, _ bias: Matrix<Double>) -> Double {
                innerProduct(directNormalization(x, gain, bias, offset: offset, byColumn: byColumn), g)
            }
            let step = 0x1p-17
            result.input.expectWithin(
                1e-7, of: centralDifferences(at: x, step: step) { loss($0, gain, bias) }, "input")
            result.gain.expectWithin(
                1e-9, of: centralDifferences(at: gain, step: step) { loss(x, $0, bias) }, "gain")
            result.bias.expectWithin(
                1e-9, of: centralDifferences(at: bias, step: step) { loss(x, gain, $0) }, "bias")
        }
    }

    @Test func givenStatisticsAreUsed() {
        let statistics = NormalizationStatistics<[Float]>(means: [1, 2], inverseDeviations: [2, 0.5])
        let x = Matrix<Float>(rows: 2, columns: 2, elements: [1, 4, 3, 0])
        let gain = Matrix<Float>(rows: 2, columns: 1, elements: [1, 3])
        let bias = Matrix<Float>(rows: 2, columns: 1, elements: [0, 10])
        let output = CPUBackend<Float>().batchNormalization(x, gain: gain, bias: bias, statistics: statistics)
        #expect(output.elements == [0, 13, 4, 7])
    }

    @Test(arguments: setups, [true, false]) func theSameThreadsGiveTheSameBits(setup: Setup, byColumn: Bool) {
        let x = sample(48, 2000, seed: 11)
        let gain = Matrix<Float>.random(rows: 48, columns: 1, seed: 12)
        let g = Matrix<Float>.random(rows: 48, columns: 2000, seed: 13)
        let backend = setup.single
        let first = normalize(backend, x, gain, gain, byColumn: byColumn)
        let gradients = gradient(backend, g, x, gain, first.statistics, byColumn: byColumn)
        for _ in 0..<5 {
            let again = normalize(backend, x, gain, gain, byColumn: byColumn)
            #expect(again.output == first.output && again.statistics == first.statistics)
            let repeated = gradient(backend, g, x, gain, first.statistics, byColumn: byColumn)
            #expect(
                repeated.input == gradients.input && repeated.gain == gradients.gain && repeated.bias == gradients.bias)
        }
    }
}
