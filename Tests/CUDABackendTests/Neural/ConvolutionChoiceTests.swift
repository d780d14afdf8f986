import CUDAEmulator
import Compute
import MatrixCore
import Testing

@testable import CUDABackend

extension CUDABackendTests {
    /// Whether cuDNN convolves is the user's to say.
    @Suite struct ConvolutionChoiceTests {
        /// What a convolution with a choice calls of cuDNN.
        private func calls(_ choice: ConvolutionAlgorithm?, hiding symbol: String? = nil) throws -> Int32 {
            fr_emulator_reset()
            if let symbol { fr_emulator_hide(symbol) }
            let backend = try CUDABackend<Float>(CUDA(convolutions: choice) { _ in EmulatedLibrary() })
            let shape = ConvolutionShape(batch: 1, height: 2, width: 2, inputs: 1, outputs: 1, kernel: 1)
            let image = Matrix<Float>(rows: 1, columns: 4, elements: [1, 2, 3, 4])
            let output = backend.convolution(backend.tensor(image), weight: backend.identity(1), shape)
            #expect(backend.matrix(output) == image)
            try backend.synchronize()
            return fr_emulator_calls_of("cudnnConvolutionForward")
        }

        @Test func patchesDoWithoutTheLibrary() throws {
            #expect(try calls(nil) == 1)
            #expect(try calls(.cudnn) == 1)
            #expect(try calls(.patches) == 0)
            #expect(try calls(nil, hiding: "cudnnCreate") == 0)
        }

        /// cuDNN looks for a kernel at every question after scratch memory, which takes longer than many a convolution.
        @Test func theLibraryIsAskedOnceAShape() throws {
            let backend = try EmulatedLibrary.backend(Float.self)
            for (batch, times) in [(1, 1), (1, 1), (2, 2), (1, 2)] {
                let shape = ConvolutionShape(batch: batch, height: 2, width: 2, inputs: 1, outputs: 1, kernel: 1)
                let image = Matrix<Float>(rows: 1, columns: 4 * batch, elements: (0..<4 * batch).map { Float($0) })
                let output = backend.convolution(backend.tensor(image), weight: backend.identity(1), shape)
                #expect(backend.matrix(output) == image)
                #expect(fr_emulator_calls_of("cudnnGetConvolutionForwardWorkspaceSize") == times)
            }
            try backend.synchronize()
        }

        @Test func aLibraryThatIsAskedForAndMissingIsNamed() throws {
            #expect(throws: DeviceError.missingSymbol("cudnnCreate", library: "the emulator")) {
                try calls(.cudnn, hiding: "cudnnCreate")
            }
        }
    }
}
