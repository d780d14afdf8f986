import CUDAEmulator
import Conformance
import MatrixCore
import Testing

@testable import CUDABackend

extension CUDABackendTests {
    /// The primitives of networks on the emulator, held to the cases of every backend.
    @Suite struct NeuralConformanceTests {
        @Test(arguments: MatrixConformanceTests.orders) func networksInFloat(_ order: fr_thread_order) throws {
            try MatrixConformanceTests.judge(neuralCases(), Float.self, order)
        }

        @Test(arguments: MatrixConformanceTests.orders) func networksInDouble(_ order: fr_thread_order) throws {
            try MatrixConformanceTests.judge(neuralCases(), Double.self, order)
        }

        @Test func gradientsOfNetworks() throws {
            try MatrixConformanceTests.judge(gradientCases(), Double.self, FR_THREADS_SHUFFLED)
        }

        @Test(arguments: MatrixConformanceTests.orders) func convolutionsWithoutLibrary(_ order: fr_thread_order) throws {
            try judgeConvolutions(Float.self, order)
            try judgeConvolutions(Double.self, order)
        }

        private func judgeConvolutions<Scalar: CUDAScalar>(_: Scalar.Type, _ order: fr_thread_order) throws {
            let cases: [ConformanceCase<CUDABackend<Scalar>>] = neuralCases()
            try MatrixConformanceTests.judge(
                cases.filter { $0.description.hasPrefix("convolution") }, Scalar.self, order, hiding: "cudnnCreate")
            #expect(fr_emulator_calls_of("cudnnSetStream") == 0)
        }
    }
}
