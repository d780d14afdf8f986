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
                let backend = try CUDABackend<Float>(cuda)
                _ = backend.tensor(.identity(2))
                try backend.synchronize()
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
    }
}
