import Files

/// NVIDIA's driver, the compiler of kernels and the libraries for matrices, found and opened while the program runs: nothing of
/// CUDA's is needed to build, and what is missing is said by name.
public struct CUDA: Sendable {
    let driver: Driver
    let compiler: KernelCompiler
    let products: ProductLibrary
    let decompositions: DecompositionLibrary
    /// Nil where it is missing or not wanted: convolutions are products of patches then.
    let convolutions: ConvolutionLibrary?
    let cache: KernelCache

    /// Compiled kernels are kept in the folder of all that the program keeps.
    ///
    /// - Parameter convolutions: how they are computed; by cuDNN where it is found, if not given.
    /// - Throws: `DeviceError` where the driver or a library is missing, or the driver does not start.
    public init(convolutions: ConvolutionAlgorithm? = nil) throws(DeviceError) {
        let search = LibrarySearch()
        try self.init(cache: KernelCache(folder: .standard()), convolutions: convolutions) { name throws(DeviceError) in
            try DynamicLibrary(name, search: search)
        }
    }

    /// - Parameter open: how a library is opened.
    init(
        cache: KernelCache = KernelCache(folder: nil), convolutions: ConvolutionAlgorithm? = nil,
        open: (LibraryName) throws(DeviceError) -> any SymbolSource
    ) throws(DeviceError) {
        self.cache = cache
        driver = Driver(library: try open(.driver))
        compiler = KernelCompiler(library: try open(.compiler))
        products = ProductLibrary(library: try open(.products))
        decompositions = DecompositionLibrary(library: try open(.decompositions))
        switch convolutions {
        case .cudnn: self.convolutions = try ConvolutionLibrary(library: open(.convolutions))
        case .patches: self.convolutions = nil
        case nil: self.convolutions = try? ConvolutionLibrary(library: open(.convolutions))
        }
        try driver.initialize()
    }

    /// - Throws: `DeviceError`.
    public func device(_ index: Int = 0) throws(DeviceError) -> CUDADevice {
        try CUDADevice(index: index, driver: driver)
    }
}

/// How convolutions are computed on a GPU.
public enum ConvolutionAlgorithm: String, Sendable, CaseIterable {
    /// By cuDNN; by products of patches where it does not serve a shape.
    case cudnn
    /// Products of matrices that hold the patches of the images, column by column.
    case patches
}
