import Testing

@testable import CUDABackend

/// Whether NVRTC can be opened here: in the system's folders, or in those that FOURTHROOT_CUDA_PATH names.
private let compiler = try? DynamicLibrary(.compiler, search: LibrarySearch())

/// NVRTC compiles every kernel for every architecture that is served.
@Suite struct KernelCompilationTests {
    @Test(
        .enabled(if: compiler != nil, "NVRTC is not installed (FOURTHROOT_CUDA_PATH can name its folder)"),
        arguments: ["sm_80", "sm_90", "sm_100"])
    func everyKernelCompiles(_ architecture: String) throws {
        let compiler = KernelCompiler(library: try #require(compiler))
        for source in KernelSource.all {
            // An ELF file.
            for scalar in ["float", "double"] {
                let image = try compiler.compile(source, scalar: scalar, architecture: architecture)
                #expect(image.prefix(4) == [0x7F, 0x45, 0x4C, 0x46])
            }
        }
    }

    @Test(.enabled(if: compiler != nil, "NVRTC is not installed (FOURTHROOT_CUDA_PATH can name its folder)"))
    func aKernelThatDoesNotCompileShowsTheLog() throws {
        let compiler = KernelCompiler(library: try #require(compiler))
        let source = KernelSource(file: "broken.cu", body: "extern \"C\" __global__ void f() { undeclared(); }")
        #expect {
            try compiler.compile(source, scalar: "float", architecture: "sm_90")
        } throws: { error in
            guard case .compilation(file: "broken.cu", architecture: "sm_90", let log)? = error as? DeviceError else {
                return false
            }
            return log.contains("undeclared")
        }
    }
}
