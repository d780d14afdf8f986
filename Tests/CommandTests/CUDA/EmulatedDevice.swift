import Foundation
import Testing

/// The emulator of a GPU as CUDA's libraries, with which the program itself runs.
enum EmulatedDevice {
    /// The folder of the libraries, built beside the tests; nil where they cannot be built here.
    static let folder: String? = {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("scripts/build-emulator").path
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let folder = tests.appendingPathComponent("cuda-emulator").path
        let objects = tests.appendingPathComponent("CUDAEmulator.build").path
        let run = try? TemporaryFolder().runOther(["bash", script, "--objects", objects, folder], timeout: 600)
        return run?.status == 0 ? folder : nil
    }()

    static let need: Comment = "needs clang++ or g++ on an x86-64 machine, for the emulator of a GPU"

    /// What a run of the program needs to find it, and no GPU that may be there.
    static var environment: [String: String] {
        folder.map { ["FOURTHROOT_CUDA_PATH": $0, "LD_LIBRARY_PATH": $0] } ?? [:]
    }
}
