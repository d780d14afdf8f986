/// What a device, its driver or a library refused, with what was tried and what to do.
public enum DeviceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No file of the library could be opened.
    case missingLibrary(String, tried: [String], advice: String)
    /// The library is there and too old, or too new, for this function.
    case missingSymbol(String, library: String)
    /// The driver counts no device.
    case noDevice
    case noSuchDevice(Int, count: Int)
    /// - Parameter largest: the bytes of the largest piece of memory in use.
    case outOfMemory(asked: Int, free: Int?, largest: Int?)
    /// A call failed: the function, its code, and what the library says of it.
    case call(String, code: Int32, text: String)
    /// A kernel does not compile.
    case compilation(file: String, architecture: String, log: String)

    public var description: String {
        switch self {
        case .missingLibrary(let title, let tried, let advice):
            "\(title) was not found (tried \(tried.joined(separator: ", "))); \(advice), or name its folder by "
                + "FOURTHROOT_CUDA_PATH"
        case .missingSymbol(let symbol, let library):
            "\(library) has no function \(symbol): another version of it is needed"
        case .noDevice: "the driver finds no CUDA device; CUDA_VISIBLE_DEVICES may hide it"
        case .noSuchDevice(let index, let count):
            "there is no CUDA device \(index): the driver counts \(count), from 0 on"
        case .outOfMemory(let asked, let free, let largest):
            "the device has no memory for \(asked) more bytes" + (free.map { "; \($0) are free" } ?? "")
                + (largest.map { "; the largest piece in use has \($0)" } ?? "")
        case .call(let function, let code, let text): "\(function) failed with \(code): \(text)"
        case .compilation(let file, let architecture, let log):
            "\(file) does not compile for \(architecture):\n\(log)"
        }
    }
}
