import CUDAEmulator

@testable import CUDABackend

/// The emulator as a library: the driver, NVRTC and the libraries for matrices in one.
struct EmulatedLibrary: SymbolSource {
    let name = "the emulator"

    func address(of symbol: String) -> UnsafeRawPointer? { fr_emulator_symbol(symbol) }

    /// A fresh emulator as CUDA.
    ///
    /// - Parameter symbol: a function that its libraries lack.
    static func cuda(hiding symbol: String? = nil) throws(DeviceError) -> CUDA {
        fr_emulator_reset()
        if let symbol { fr_emulator_hide(symbol) }
        return try CUDA { _ in EmulatedLibrary() }
    }

    /// A backend on a fresh emulator.
    static func backend<Scalar: CUDAScalar>(_: Scalar.Type) throws(DeviceError) -> CUDABackend<Scalar> {
        try CUDABackend(cuda())
    }
}
