import CUDAEmulator

@testable import CUDABackend

/// The emulator as a library: the driver, NVRTC and the libraries for matrices in one.
struct EmulatedLibrary: SymbolSource {
    let name = "the emulator"

    func address(of symbol: String) -> UnsafeRawPointer? { fr_emulator_symbol(symbol) }

    /// A fresh emulator as CUDA.
    static func cuda() throws(DeviceError) -> CUDA {
        fr_emulator_reset()
        return try CUDA { _ in EmulatedLibrary() }
    }

    /// A backend on a fresh emulator.
    static func backend<Scalar: CUDAScalar>(_: Scalar.Type) throws(DeviceError) -> CUDABackend<Scalar> {
        try CUDABackend(cuda())
    }
}
