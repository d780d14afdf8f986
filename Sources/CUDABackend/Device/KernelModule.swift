import Synchronization

/// The kernels of one source, compiled for a device and a scalar and loaded there.
final class KernelModule: Sendable {
    private let device: CUDADevice
    private nonisolated(unsafe) let module: Driver.Module?
    private let functions = Mutex(Functions())

    private struct Functions: @unchecked Sendable {
        var byName: [String: Driver.Function] = [:]
    }

    /// - Throws: `DeviceError`.
    init(
        _ source: KernelSource, scalar: String, compiler: KernelCompiler, cache: KernelCache, device: CUDADevice
    ) throws(DeviceError) {
        self.device = device
        try device.makeCurrent()
        let key = KernelCache.Key(
            source: source.text, options: compiler.options(scalar: scalar, architecture: device.architecture),
            compiler: try compiler.version(), driver: Int(try device.driver.version()))
        module = try cache.loading(
            key,
            compile: { () throws(DeviceError) in
                try compiler.compile(source, scalar: scalar, architecture: device.architecture)
            },
            load: { image throws(DeviceError) in try device.driver.loadModule(image) })
    }

    deinit {
        try? device.makeCurrent()
        try? device.driver.unload(module)
    }

    /// Launches a kernel.
    ///
    /// - Parameter arguments: the values in the order of the kernel's parameters, each of the parameter's own layout.
    func launch<each Argument: BitwiseCopyable>(
        _ kernel: String, blocks: Int, threads: Int, on stream: Driver.Stream?, _ arguments: repeat each Argument
    ) throws(DeviceError) {
        let function = try function(kernel)
        // Every argument's bytes at a place of its own, aligned for any type.
        var places: [Int] = []
        var size = 0
        for argument in repeat each arguments {
            places.append(size)
            size += (MemoryLayout.size(ofValue: argument) + 15) / 16 * 16
        }
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: max(size, 1), alignment: 16)
        defer { bytes.deallocate() }
        var index = 0
        for argument in repeat each arguments {
            store(argument, bytes + places[index])
            index += 1
        }
        var pointers: [UnsafeMutableRawPointer?] = places.map { bytes + $0 }
        let result = pointers.withUnsafeMutableBufferPointer { pointers in
            Result { () throws(DeviceError) in
                try device.driver.launch(
                    function, blocks: UInt32(blocks), threads: UInt32(threads), on: stream, arguments: pointers.baseAddress!)
            }
        }
        try result.get()
    }

    private func function(_ name: String) throws(DeviceError) -> Driver.Function? {
        try functions.withLock { functions throws(DeviceError) in
            if let function = functions.byName[name] { return function }
            let function = try device.driver.function(name, of: module)
            functions.byName[name] = function
            return function
        }
    }
}

private func store<Value: BitwiseCopyable>(_ value: Value, _ place: UnsafeMutableRawPointer) {
    place.storeBytes(of: value, as: Value.self)
}
