import Synchronization

/// A factor of a product and its copy in bfloat16.
struct RoundedFactor: Sendable {
    let source: DeviceMemory
    let copy: DeviceMemory
}

/// A stream of a device, with the handles of the libraries that compute on it. One thread at a time uses it.
final class DeviceStream: Sendable {
    let device: CUDADevice
    nonisolated(unsafe) let handle: Driver.Stream?
    private let products: ProductLibrary
    private let decompositions: DecompositionLibrary
    private let convolutions: ConvolutionLibrary?
    private let handles = Mutex(Handles())
    private let rounded = Mutex<[RoundedFactor]>([])

    /// Each is made when it is first asked for: making one takes its time and memory.
    private struct Handles: @unchecked Sendable {
        var products: ProductLibrary.Handle?
        var decompositions: DecompositionLibrary.Handle?
        var convolutions: ConvolutionLibrary.Handle?
    }

    /// - Throws: `DeviceError`.
    init(
        on device: CUDADevice, _ products: ProductLibrary, _ decompositions: DecompositionLibrary,
        _ convolutions: ConvolutionLibrary?
    ) throws(DeviceError) {
        self.device = device
        self.products = products
        self.decompositions = decompositions
        self.convolutions = convolutions
        try device.makeCurrent()
        handle = try device.driver.makeStream()
    }

    deinit {
        try? device.makeCurrent()
        handles.withLock { handles in
            if let handle = handles.products { try? products.destroy(handle) }
            if let handle = handles.decompositions { try? decompositions.destroy(handle) }
            if let handle = handles.convolutions { try? convolutions?.destroy(handle) }
        }
        try? device.driver.destroy(stream: handle)
    }

    /// cuBLAS's handle of this stream: one of its own each, so that results do not depend on what else is computed.
    func productHandle() throws(DeviceError) -> ProductLibrary.Handle? {
        try handles.withLock { handles throws(DeviceError) in
            if handles.products == nil { handles.products = try products.makeHandle(on: handle) }
            return handles.products
        }
    }

    /// cuSOLVER's handle of this stream.
    func decompositionHandle() throws(DeviceError) -> DecompositionLibrary.Handle? {
        try handles.withLock { handles throws(DeviceError) in
            if handles.decompositions == nil { handles.decompositions = try decompositions.makeHandle(on: handle) }
            return handles.decompositions
        }
    }

    /// cuDNN's handle of this stream, nil where there is no cuDNN.
    func convolutionHandle() throws(DeviceError) -> ConvolutionLibrary.Handle? {
        try handles.withLock { handles throws(DeviceError) in
            if handles.convolutions == nil { handles.convolutions = try convolutions?.makeHandle(on: handle) }
            return handles.convolutions
        }
    }

    // MARK: Rounded factors

    /// The copy of a factor of the last product that was rounded on this stream, if it is one.
    func copy(ofFactor memory: DeviceMemory) -> DeviceMemory? {
        rounded.withLock { factors in factors.first { $0.source === memory }?.copy }
    }

    /// Keeps the factors of a product for the next one: backward, an output's gradient is multiplied twice. What is held here is
    /// held by somebody else than its owner, and so is not changed in place.
    func keep(_ factors: [RoundedFactor]) { rounded.withLock { $0 = factors } }

    /// What is asked of this stream from now on begins when all that was asked of the other one is done.
    func wait(for other: DeviceStream) throws(DeviceError) {
        let driver = device.driver
        let event = try driver.makeEvent()
        // An event that work still waits for is kept by the driver until it has come.
        defer { try? driver.destroy(event: event) }
        try driver.record(event, on: other.handle)
        try driver.wait(handle, for: event)
    }
}
