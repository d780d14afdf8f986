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

        /// What an order could change is seen in float; scripts/test-emulator takes all cases in every order.
        @Test func networksInDouble() throws {
            try MatrixConformanceTests.judge(neuralCases(), Double.self, FR_THREADS_SHUFFLED)
        }

        /// Convolutions, windows and rotary positions; scripts/test-emulator takes all networks.
        @Test func gradientsOfNetworks() throws {
            let families = ["projected", "shifted-window", "rotary"]
            let cases: [ConformanceCase<CUDABackend<Double>>] = gradientCases()
            try MatrixConformanceTests.judge(
                cases.filter { test in families.contains { test.description.contains($0) } }, Double.self, FR_THREADS_SHUFFLED)
        }

        @Test(arguments: MatrixConformanceTests.orders) func convolutionsWithoutLibrary(_ order: fr_thread_order) throws {
            try judgeConvolutions(Float.self, order)
        }

        @Test func convolutionsWithoutLibraryInDouble() throws { try judgeConvolutions(Double.self, FR_THREADS_SHUFFLED) }

        private func judgeConvolutions<Scalar: CUDAScalar>(_: Scalar.Type, _ order: fr_thread_order) throws {
            let cases: [ConformanceCase<CUDABackend<Scalar>>] = neuralCases()
            try MatrixConformanceTests.judge(
                cases.filter { $0.description.hasPrefix("convolution") }, Scalar.self, order, hiding: "cudnnCreate")
            #expect(fr_emulator_calls_of("cudnnSetStream") == 0)
        }
    }
}
