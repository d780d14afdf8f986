/// What of CUDA is on this machine, line by line, with versions and with what is missing.
///
/// Each part is asked for by itself: a machine without a driver may still hold the libraries, and the other way round.
public struct CUDAInventory: Sendable {
    public let lines: [String]

    public init() { self.init(open: { library in try DynamicLibrary(library, search: LibrarySearch()) }) }

    /// - Parameter open: how a library is opened.
    init(open: (LibraryName) throws -> any SymbolSource) {
        lines =
            [
                Self.line(.driver, open) { library in
                    let driver = Driver(library: library)
                    let version = Int(try driver.version())
                    return "CUDA \(version / 1000).\(version % 1000 / 10)"
                },
                Self.line(.compiler, open) { library in
                    let version = try KernelCompiler(library: library).version()
                    return "\(version.major).\(version.minor)"
                },
                Self.line(.products, open) { try version(of: $0, by: "cublasGetProperty") },
                Self.line(.decompositions, open) { try version(of: $0, by: "cusolverGetProperty") },
                Self.line(.convolutions, open) { try version(of: $0, by: "cudnnGetProperty") },
            ] + Self.devices(open)
    }

    private static func line(
        _ name: LibraryName, _ open: (LibraryName) throws -> any SymbolSource,
        _ version: (any SymbolSource) throws -> String
    ) -> String {
        do {
            let library = try open(name)
            return "\(name.title): \(try version(library)) (\(library.name))"
        } catch {
            return "\(name.title): not usable: \(error)"
        }
    }

    /// A line a device; none where the driver is missing, which has its own line.
    private static func devices(_ open: (LibraryName) throws -> any SymbolSource) -> [String] {
        guard let library = try? open(.driver) else { return [] }
        let driver = Driver(library: library)
        do {
            try driver.initialize()
            return try (0..<Int(driver.deviceCount())).map { try description(of: CUDADevice(index: $0, driver: driver)) }
        } catch {
            return ["cuda: not usable: \(error)"]
        }
    }

    private static func description(of device: CUDADevice) throws(DeviceError) -> String {
        let memory = try device.memory()
        let (major, minor) = device.computeCapability
        return "cuda:\(device.index): \(device.name), compute capability \(major).\(minor), "
            + "\(device.multiprocessors) multiprocessors, \(memory.total >> 20) MiB, of which \(memory.free >> 20) MiB are free"
    }
}

/// A library's version by its `…GetProperty(type, value)`, with 0, 1 and 2 for major, minor and patch.
private func version(of library: any SymbolSource, by symbol: String) throws(DeviceError) -> String {
    let property = try library.function(
        symbol, as: (@convention(c) (Int32, UnsafeMutablePointer<Int32>) -> Int32).self)
    var numbers: [String] = []
    for kind in Int32(0)...2 {
        var number: Int32 = 0
        let code = property(kind, &number)
        if code != 0 { throw .call(symbol, code: code, text: "the version is not told") }
        numbers.append("\(number)")
    }
    return numbers.joined(separator: ".")
}
