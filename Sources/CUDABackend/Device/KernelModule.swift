/// The kernels of one source, compiled for a device and loaded there.
final class KernelModule: Sendable {
    private let device: CUDADevice
    private nonisolated(unsafe) let module: Driver.Module?

    /// - Throws: `DeviceError`.
    init(_ source: KernelSource, compiler: KernelCompiler, device: CUDADevice) throws(DeviceError) {
        self.device = device
        let image = try compiler.compile(source, architecture: device.architecture)
        try device.makeCurrent()
        module = try device.driver.loadModule(image)
    }

    deinit {
        try? device.makeCurrent()
        try? device.driver.unload(module)
    }

    /// Launches a kernel with at least so many threads, in blocks of 256.
    ///
    /// - Parameter arguments: the values in the order of the kernel's parameters, each of the parameter's own layout.
    func launch(
        _ kernel: String, threads: Int, _ arguments: any BitwiseCopyable...
    ) throws(DeviceError) {
        if threads == 0 { return }
        try device.makeCurrent()
        let function = try device.driver.function(kernel, of: module)
        let blocks = UInt32((threads - 1) / 256 + 1)
        let values = arguments.map { copy(of: $0) }
        defer { for value in values { value?.deallocate() } }
        var pointers = values
        let result = pointers.withUnsafeMutableBufferPointer { pointers in
            Result { () throws(DeviceError) in
                try device.driver.launch(function, blocks: blocks, threads: 256, arguments: pointers.baseAddress!)
            }
        }
        try result.get()
    }
}

/// A value's bytes where a launch can read them.
private func copy<Value: BitwiseCopyable>(of value: Value) -> UnsafeMutableRawPointer? {
    let memory = UnsafeMutablePointer<Value>.allocate(capacity: 1)
    memory.initialize(to: value)
    return UnsafeMutableRawPointer(memory)
}
