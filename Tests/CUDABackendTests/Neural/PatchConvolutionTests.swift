import Compute
import MatrixCore
import TestSupport
import Testing

@testable import CUDABackend

extension CUDABackendTests {
    /// Convolutions whose patches are made for some samples at a time.
    @Suite struct PatchConvolutionTests {
        /// Outputs and the images' gradient are each of one sample, and so are those of all samples at once; the filter's gradient
        /// is added sample after sample, each of its terms rounded once more at most.
        @Test(arguments: [1, 2]) func samplesByThemselvesAreThoseOfTheBatch(_ stride: Int) throws {
            let backend = try EmulatedLibrary.backend(Double.self)
            let shape = ConvolutionShape(
                batch: 5, height: 5, width: 4, inputs: 3, outputs: 6, kernel: 3, stride: stride, padding: 1)
            func tensor(_ rows: Int, _ columns: Int, _ seed: UInt64) -> CUDATensor<Double> {
                backend.tensor(Matrix<Double>.random(rows: rows, columns: columns, seed: seed))
            }
            let positions = shape.positions(of: shape.batch)
            let (x, w, dy) = (tensor(3, 5 * 20, 1), tensor(shape.depth, 6, 2), tensor(6, positions, 3))
            func results(_ convolution: PatchConvolution<Double>) -> [Matrix<Double>] {
                let (y, dw, dx) = (
                    backend.makeTensor(rows: 6, columns: positions), backend.makeTensor(rows: shape.depth, columns: 6),
                    backend.makeTensor(rows: 3, columns: 5 * 20)
                )
                convolution.convolve(x, filter: w, into: y)
                convolution.gradient(ofFilter: dw, dy, images: x)
                convolution.gradient(ofImages: dx, dy, filter: w)
                return [y, dx, dw].map { backend.matrix($0) }
            }
            let whole = results(PatchConvolution(backend, shape))
            let patch = shape.depth * shape.positions(of: 1)
            for entries in [1, 2 * patch, 4 * patch] {
                let parts = results(PatchConvolution(backend, shape, entries: entries))
                #expect(parts[0] == whole[0] && parts[1] == whole[1])
                expectTestRatio(
                    largestDifference(parts[2], whole[2]), scale: 1, order: positions, "\(entries) entries")
            }
            try backend.synchronize()
        }
    }
}
