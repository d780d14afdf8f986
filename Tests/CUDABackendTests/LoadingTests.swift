import CUDAEmulator
import Compute
import Foundation
import MatrixCore
import Quantization
import Testing

@testable import CUDABackend

extension CUDABackendTests {
    /// Libraries that are missing, too old, or fail: each with its message, and with nothing left behind.
    @Suite struct LoadingTests {
        @Test func aMissingLibraryNamesWhatWasTried() throws {
            let search = LibrarySearch(folders: ["/nowhere"])
            let name = LibraryName(
                title: "the library", stem: "fourthroot-none", versions: ["7", "6"], companion: nil, advice: "install it")
            #expect {
                try DynamicLibrary(name, search: search)
            } throws: { error in
                "\(error)".contains("libfourthroot-none.so.7, libfourthroot-none.so.6") && "\(error)".contains("install it")
            }
        }

        @Test func librariesAreFoundInFolders() throws {
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
            try FileManager.default.createDirectory(atPath: "\(folder)/lib64", withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let library = LibraryName(
                title: "the library", stem: "fourthroot-none", versions: ["7"], companion: "fourthroot-parts", advice: "")
            let file = "\(folder)/lib64/libfourthroot-none.so.7"
            let companion = "\(folder)/lib64/libfourthroot-parts.so.7.1"
            for path in [file, companion] { try Data().write(to: URL(fileURLWithPath: path)) }
            let search = LibrarySearch(environment: ["FOURTHROOT_CUDA_PATH": folder])
            #expect(search.candidates(library) == ["libfourthroot-none.so.7", file])
            #expect(search.companions(of: file, library) == [companion])
            // A file that is no library is passed over, and named among those tried.
            #expect {
                try DynamicLibrary(library, search: search)
            } throws: { error in "\(error)".contains(file) }
        }

        @Test func aMissingFunctionIsNamed() throws {
            let cuda = try EmulatedLibrary.cuda()
            fr_emulator_hide("cuMemAllocAsync")
            #expect(throws: DeviceError.missingSymbol("cuMemAllocAsync", library: "the emulator")) {
                try Self.roundTrip(cuda)
            }
            #expect(fr_emulator_live_objects() == 0)
        }

        @Test func noDevice() throws {
            let cuda = try EmulatedLibrary.cuda()
            fr_emulator_set_device_count(0)
            #expect(throws: DeviceError.noDevice) { try cuda.device() }
            fr_emulator_set_device_count(2)
            #expect(throws: DeviceError.noSuchDevice(2, count: 2)) { try cuda.device(2) }
        }

        @Test func memoryThatIsNotThere() throws {
            let cuda = try EmulatedLibrary.cuda()
            fr_emulator_set_memory(1000)
            #expect(throws: DeviceError.outOfMemory(asked: 1600, free: 1000, largest: nil)) { try Self.roundTrip(cuda) }
            #expect(fr_emulator_live_objects() == 0)
        }

        /// Every call fails once, at every position: the error names the call, and nothing is left behind but what the very
        /// release that failed left.
        @Test func aFailureAtEveryCall() throws {
            var cuda = try EmulatedLibrary.cuda()
            try Self.roundTrip(cuda)
            let calls = fr_emulator_calls()
            #expect(calls > 40)
            var failures = 0
            for call in 0..<calls {
                fr_emulator_reset()
                fr_emulator_fail_call(Int32(call), 999)
                do {
                    cuda = try CUDA { _ in EmulatedLibrary() }
                    try Self.roundTrip(cuda)
                    // Giving something back has failed, which nobody can act on.
                    #expect(fr_emulator_live_objects() <= 1, "call \(call)")
                } catch let error as DeviceError {
                    failures += 1
                    // NVRTC's own failures come with its log instead of a code.
                    let isCompilation = if case .compilation = error { true } else { false }
                    #expect(isCompilation || "\(error)".contains("999"), "call \(call): \(error)")
                    #expect(fr_emulator_live_objects() == 0, "call \(call): \(error)")
                }
            }
            #expect(failures > 30)
        }

        @Test func theInventoryNamesWhatIsThereAndWhatIsNot() throws {
            fr_emulator_reset()
            let inventory = CUDAInventory(open: { library in
                if ["cuda", "nvrtc"].contains(library.stem) { return EmulatedLibrary() }
                throw DeviceError.missingLibrary(library.title, tried: ["a", "b"], advice: "install it")
            })
            #expect(inventory.lines.count == 6)
            #expect(inventory.lines[0] == "NVIDIA's driver: CUDA 13.0 (the emulator)")
            #expect(inventory.lines[2].hasPrefix("cuBLAS: not usable: cuBLAS was not found (tried a, b); install it"))
            #expect(
                inventory.lines[5]
                    == "cuda:0: emulated device, compute capability 9.0, 1 multiprocessors, 1024 MiB, of which 1024 MiB are free"
            )
        }

        /// Something of everything: codes, products, a decomposition, lanes, values that come back.
        private static func roundTrip(_ cuda: CUDA) throws {
            let backend = try CUDABackend<Float>(cuda)
            let matrix = BlockCodecTests.matrix(order: 20, seed: 1)
            let coding = try BlockCoding(codebook: Codebook(.linear2, bits: 4), blockSize: 8)
            let form = CodedForm(order: 20, region: .columns, coding: coding, keepsDiagonal: true)
            let decoded = backend.decode(try backend.encode(backend.tensor(matrix), as: form))
            let moment = backend.addToDiagonal(backend.symmetricProduct(decoded, transposed: false, alpha: 1), 1)
            backend.concurrently(3) { lane, index in
                _ = try? lane.symmetricEigen(lane.combine(1, moment, Float(index), moment), by: .divideAndConquer)
            }
            let (packed, scalars) = backend.householderQR(moment)
            let factor = backend.orthogonalFactor(reflectors: packed, scalars: scalars)
            _ = backend.norms(of: [try backend.choleskyFactor(moment), factor])
            try backend.synchronize()
        }
    }
}
