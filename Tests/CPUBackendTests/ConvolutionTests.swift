import CPUBackend
import Compute
import MatrixCore
import TestSupport
import Testing

/// Convolutions beyond their definition, which `ConformanceTests` holds them to.
@Suite struct ConvolutionTests {
    /// The loss Σ g∘conv(x, w) is linear in each argument: with a step of 1 the differences have rounding errors alone.
    @Test func gradientsAreDifferences() {
        let backend = CPUBackend<Double>()
        let shape = ConvolutionShape(batch: 2, height: 5, width: 4, inputs: 2, outputs: 3, kernel: 3, stride: 2, padding: 1)
        let x = Matrix<Double>.random(rows: 2, columns: 40, seed: 6)
        let w = Matrix<Double>.random(rows: 3, columns: 18, seed: 7)
        let g = Matrix<Double>.random(rows: 3, columns: 2 * shape.outputHeight * shape.outputWidth, seed: 8)
        let gradient = backend.convolutionGradient(g, input: x, weight: w, shape, wantsInput: true)
        // Fewer than 1000 terms of at most 2 each in a loss.
        let bound = 2 * 1000 * 1000 * unitOfDouble
        gradient.input?.expectWithin(
            bound, of: centralDifferences(at: x, step: 1) { innerProduct(backend.convolution($0, weight: w, shape), g) },
            "input")
        gradient.weight.expectWithin(
            bound, of: centralDifferences(at: w, step: 1) { innerProduct(backend.convolution(x, weight: $0, shape), g) },
            "weight")
    }

    @Test(arguments: setups) func theSameThreadsGiveTheSameBits(setup: Setup) {
        let shape = ConvolutionShape(batch: 5, height: 16, width: 16, inputs: 16, outputs: 32, kernel: 3, padding: 1)
        let x = Matrix<Float>.random(rows: 16, columns: 5 * 256, seed: 9)
        let w = Matrix<Float>.random(rows: 32, columns: 144, seed: 10)
        let g = Matrix<Float>.random(rows: 32, columns: 5 * 256, seed: 11)
        let backend = setup.single
        let first = backend.convolutionGradient(g, input: x, weight: w, shape, wantsInput: true)
        let output = backend.convolution(x, weight: w, shape)
        for _ in 0..<5 {
            #expect(backend.convolution(x, weight: w, shape) == output)
            let again = backend.convolutionGradient(g, input: x, weight: w, shape, wantsInput: true)
            #expect(again.input == first.input && again.weight == first.weight)
        }
    }
}
