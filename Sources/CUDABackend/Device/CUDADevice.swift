/// A CUDA device with its primary context, which other libraries of the process share.
public final class CUDADevice: Sendable {
    public let index: Int
    public let name: String
    public let multiprocessors: Int
    /// 9.0 of an H100.
    public let computeCapability: (major: Int, minor: Int)
    let driver: Driver
    private let device: Driver.Device
    private nonisolated(unsafe) let context: Driver.Context?

    /// - Throws: `DeviceError`.
    init(index: Int, driver: Driver) throws(DeviceError) {
        let count = Int(try driver.deviceCount())
        if count == 0 { throw .noDevice }
        guard (0..<count).contains(index) else { throw .noSuchDevice(index, count: count) }
        self.index = index
        self.driver = driver
        device = try driver.device(index)
        name = try driver.name(of: device)
        multiprocessors = Int(try driver.attribute(.multiprocessorCount, of: device))
        computeCapability = (
            Int(try driver.attribute(.computeCapabilityMajor, of: device)),
            Int(try driver.attribute(.computeCapabilityMinor, of: device))
        )
        context = try driver.retainPrimaryContext(of: device)
    }

    // The context is another user's to keep where this fails, and there is nobody to tell.
    deinit { try? driver.releasePrimaryContext(of: device) }

    /// "sm_90" of compute capability 9.0.
    var architecture: String { "sm_\(computeCapability.major)\(computeCapability.minor)" }

    /// Makes the device's context the calling thread's: what every group of calls begins with, since a task may have moved
    /// to another thread.
    func makeCurrent() throws(DeviceError) { try driver.setCurrent(context) }

    /// The free and all bytes of its memory.
    public func memory() throws(DeviceError) -> (free: Int, total: Int) {
        try makeCurrent()
        return try driver.memory()
    }

    /// The pool from which its memory is taken.
    func pool() throws(DeviceError) -> Driver.MemoryPool? { try driver.defaultPool(of: device) }

    /// Waits for what was launched, and throws what any of it failed with.
    func synchronize() throws(DeviceError) {
        try makeCurrent()
        try driver.synchronize()
    }
}
