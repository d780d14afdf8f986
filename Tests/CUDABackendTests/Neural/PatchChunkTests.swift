import Compute
import MatrixCore
import TestSupport
import Testing

@testable import CUDABackend

extension CUDABackendTests {
    /// Convolutions whose patches are made for some samples at a time.
    @Suite struct PatchChunkTests {
        /// Outputs and the input's gradient are each of one sample, and so are those of all samples at once; the weight's gradient
        /// is added sample after sample, each of its terms rounded once more at most.
        @Test(arguments: [1, 2]) func samplesByThemselvesAreThoseOfTheBatch(_ stride: Int) throws {
            let backend = try EmulatedLibrary.backend(Double.self)
            let shape = ConvolutionShape(
                batch: 5, height: 5, width: 4, inputs: 3, outputs: 6, kernel: 3, stride: stride, padding: 1)
            let positions = shape.batch * shape.outputHeight * shape.outputWidth
            let (x, w, dy) = (
                backend.tensor(Matrix<Double>.random(rows: 3, columns: 5 * 20, seed: 1)),
                backend.tensor(Matrix<Double>.random(rows: 6, columns: shape.depth, seed: 2)),
                backend.tensor(Matrix<Double>.random(rows: 6, columns: positions, seed: 3))
            )
            let whole = backend.convolution(x, weight: w, shape)
            let wholeGradient = backend.convolutionGradient(dy, input: x, weight: w, shape, wantsInput: true)
            let patch = shape.depth * shape.outputHeight * shape.outputWidth
            for entries in [1, 2 * patch, 4 * patch] {
                let output = backend.convolution(x, weight: w, shape, patchEntries: entries)
                let gradient = backend.convolutionGradient(
                    dy, input: x, weight: w, shape, wantsInput: true, patchEntries: entries)
                #expect(backend.matrix(output) == backend.matrix(whole))
                #expect(
                    backend.matrix(try #require(gradient.input)) == backend.matrix(try #require(wholeGradient.input)))
                expectTestRatio(
                    largestDifference(backend.matrix(gradient.weight), backend.matrix(wholeGradient.weight)), scale: 1,
                    order: positions, "\(entries) entries")
            }
            try backend.synchronize()
        }
    }
}
