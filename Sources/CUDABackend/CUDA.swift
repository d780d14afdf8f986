/// NVIDIA's driver and the compiler of kernels, found and opened while the program runs: nothing of CUDA's is needed to build,
/// and what is missing is said by name.
public struct CUDA: Sendable {
    let driver: Driver
    let compiler: KernelCompiler

    /// - Throws: `DeviceError` where the driver or the compiler is missing, or the driver does not start.
    public init() throws(DeviceError) {
        let search = LibrarySearch()
        try self.init(
            driver: try DynamicLibrary(.driver, search: search), compiler: try DynamicLibrary(.compiler, search: search))
    }

    init(driver: any SymbolSource, compiler: any SymbolSource) throws(DeviceError) {
        self.driver = Driver(library: driver)
        self.compiler = KernelCompiler(library: compiler)
        try self.driver.initialize()
    }

    /// - Throws: `DeviceError`.
    public func device(_ index: Int = 0) throws(DeviceError) -> CUDADevice {
        try CUDADevice(index: index, driver: driver)
    }
}
