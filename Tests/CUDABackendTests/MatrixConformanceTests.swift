import CUDAEmulator
import Conformance
import MatrixCore
import Quantization
import Testing

@testable import CUDABackend

extension CUDABackendTests {
    /// The matrix primitives on the emulator, held to the cases of every backend.
    @Suite struct MatrixConformanceTests {
        /// A kernel that lacks a barrier gives other results where its threads take turns in another order.
        static let orders = [FR_THREADS_FORWARD, FR_THREADS_BACKWARD, FR_THREADS_SHUFFLED]

        @Test(arguments: orders) func matricesInFloat(_ order: fr_thread_order) throws {
            try Self.judge(matrixCases(), Float.self, order)
        }

        /// What an order could change is seen in float; scripts/test-emulator takes all cases in every order.
        @Test func matricesInDouble() throws { try Self.judge(matrixCases(), Double.self, FR_THREADS_SHUFFLED) }

        @Test(arguments: orders) func codes(_ order: fr_thread_order) throws {
            try judgeCodes(Float.self, order, try CodecCase.all(orders: [1, 2, 33, 129]))
        }

        /// Of the scalar alone what is read and written depends: one order of threads, and the large matrices.
        @Test func codesOfDoubles() throws {
            try judgeCodes(Double.self, FR_THREADS_FORWARD, try CodecCase.all())
        }

        static func judge<Scalar: CUDAScalar>(
            _ cases: [ConformanceCase<CUDABackend<Scalar>>], _: Scalar.Type, _ order: fr_thread_order,
            hiding symbol: String? = nil
        ) throws {
            let cuda = try EmulatedLibrary.cuda(hiding: symbol)
            fr_emulator_set_thread_order(order)
            do {
                let backend = try CUDABackend<Scalar>(cuda)
                for test in cases {
                    let difference = try test.difference(of: backend)
                    #expect(difference == nil, "\(test): \(difference ?? "")")
                }
            }
            expectCleanEnd()
        }

        private func judgeCodes<Scalar: CUDAScalar>(
            _: Scalar.Type, _ order: fr_thread_order, _ cases: [CodecCase]
        ) throws {
            let cuda = try EmulatedLibrary.cuda()
            fr_emulator_set_thread_order(order)
            do {
                let backend = try CUDABackend<Scalar>(cuda)
                let codec = BackendCodec(backend)
                for test in cases {
                    let difference = try test.difference(of: codec)
                    #expect(difference == nil, "\(test): \(difference ?? "")")
                }
                try backend.synchronize()
            }
            Self.expectCleanEnd()
        }

        /// Nothing was written or used out of its place, and nothing is left.
        static func expectCleanEnd() {
            #expect(fr_emulator_faults() == 0, "\(String(cString: fr_emulator_last_fault()))")
            #expect(fr_emulator_live_objects() == 0)
        }
    }
}
