import CUDAEmulator
import Conformance
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
    }
}
