import CUDAEmulator
import Files
import Foundation
import MatrixCore
import Testing

@testable import CUDABackend

extension CUDABackendTests {
    /// Compiled kernels from one opening of a device to the next.
    @Suite struct KernelReuseTests {
        @Test func aSecondOpeningCompilesNothing() throws {
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
            defer { try? FileManager.default.removeItem(atPath: folder) }
            func sum() throws -> (value: Float, compilations: Int32) {
                fr_emulator_reset()
                let cuda = try CUDA(cache: KernelCache(folder: CacheFolder(folder))) { _ in EmulatedLibrary() }
                let backend = try CUDABackend<Float>(cuda)
                let a = backend.tensor(Matrix(rows: 1, columns: 1, elements: [3]))
                let result = backend.matrix(backend.combine(1, a, 2, a))[0, 0]
                try backend.synchronize()
                return (result, fr_emulator_calls_of("nvrtcCompileProgram"))
            }
            let (first, second) = (try sum(), try sum())
            #expect(first.value == 9 && first.compilations == 1)
            #expect(second.value == 9 && second.compilations == 0)
            // A driver that refuses what was kept has it compiled again.
            let entry = try #require(FileManager.default.contentsOfDirectory(atPath: folder).first)
            try FileManager.default.removeItem(atPath: "\(folder)/\(entry)")
            #expect(try sum().compilations == 1)
        }
    }
}
