/// Memory of a device that holds a number of values of one type.
final class DeviceBuffer<Element: BitwiseCopyable & Sendable>: Sendable {
    let device: CUDADevice
    let count: Int
    let address: Driver.Address

    /// Memory with whatever is in it.
    ///
    /// - Throws: `DeviceError.outOfMemory` among others.
    init(count: Int, on device: CUDADevice) throws(DeviceError) {
        self.device = device
        self.count = count
        try device.makeCurrent()
        // The driver refuses to allocate nothing.
        address = try device.driver.allocate(max(count * MemoryLayout<Element>.stride, 1))
    }

    convenience init(_ values: [Element], on device: CUDADevice) throws(DeviceError) {
        try self.init(count: values.count, on: device)
        if values.isEmpty { return }
        let result = values.withUnsafeBytes { bytes in
            Result { () throws(DeviceError) in try device.driver.copy(bytes, to: address) }
        }
        try result.get()
    }

    deinit {
        // After a fault of the device nothing can be freed any more; the process gives its memory back at its end.
        try? device.makeCurrent()
        try? device.driver.free(address)
    }

    /// Where a value lies; behind the last one for `count`.
    func address(of index: Int) -> Driver.Address {
        precondition((0...count).contains(index), "value \(index) of \(count)")
        return address + Driver.Address(index * MemoryLayout<Element>.stride)
    }

    /// A copy on the host; waits for what was launched before.
    func values() throws(DeviceError) -> [Element] {
        if count == 0 { return [] }
        try device.makeCurrent()
        let bytes = UnsafeMutableBufferPointer<Element>.allocate(capacity: count)
        defer { bytes.deallocate() }
        try device.driver.copy(address, to: UnsafeMutableRawBufferPointer(bytes))
        return Array(bytes)
    }
}
