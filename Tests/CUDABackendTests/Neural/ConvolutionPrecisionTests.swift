import Compute
import MatrixCore
import Testing

@testable import CUDABackend

extension CUDABackendTests {
    /// The factors of cuDNN's convolutions are rounded where that was asked for, and nowhere else.
    @Suite struct ConvolutionPrecisionTests {
        private let shape = ConvolutionShape(batch: 1, height: 1, width: 2, inputs: 1, outputs: 1, kernel: 1)

        /// 1 + 2^-9 has 10 bits, 1 + 2^-12 more than the 11 of TF32, to which bfloat16 is rounded, too.
        @Test(arguments: ProductPrecision.allCases) func pixelsAreRounded(_ precision: ProductPrecision) throws {
            let fine: Float = precision == .float32 ? 1 + 0x1p-12 : 1
            #expect(try convolved([1 + 0x1p-9, 1 + 0x1p-12], precision) == [1 + 0x1p-9, fine])
        }

        @Test(arguments: ProductPrecision.allCases) func doublesStayAsTheyAre(_ precision: ProductPrecision) throws {
            #expect(try convolved([1 + 0x1p-40, 1], precision) == [1 + 0x1p-40, 1 as Double])
        }

        private func convolved<Scalar: CUDAScalar>(_ pixels: [Scalar], _ precision: ProductPrecision) throws -> [Scalar] {
            let backend = try CUDABackend<Scalar>(EmulatedLibrary.cuda(), precision: precision)
            let images = backend.tensor(Matrix(rows: 1, columns: 2, elements: pixels))
            let output = backend.convolution(images, weight: backend.identity(1), shape)
            try backend.synchronize()
            return backend.matrix(output).elements
        }
    }
}
