import Synchronization

/// A device in use: its streams, its kernels, its memory, and the first failure of any of them.
///
/// Every call to the device goes through `attempt`. When one has failed, later ones do nothing, so that no primitive needs to
/// throw: `throwFailure` tells what happened. Results of what was not done have their shape and no memory.
final class OpenDevice: Sendable {
    let device: CUDADevice
    let products: ProductLibrary
    let decompositions: DecompositionLibrary
    /// Nil where there is no cuDNN.
    let convolutionPlans: ConvolutionPlans?
    private let convolutions: ConvolutionLibrary?
    private let compiler: KernelCompiler
    private let cache: KernelCache
    private nonisolated(unsafe) let pool: Driver.MemoryPool?
    /// What is asked outside of `concurrently` is done on this one, in order.
    let mainStream: DeviceStream
    private let modules = Mutex<[ModuleName: KernelModule]>([:])
    private let failure = Mutex<DeviceError?>(nil)
    private let memory = Mutex(MemoryRecord())
    private let lanes = Mutex<[DeviceStream]>([])
    /// Held while pieces of work are done side by side: one set of pieces at a time.
    private let sideBySide = Mutex(())

    private struct ModuleName: Hashable {
        let source: KernelSource
        let scalar: String
    }

    /// What is allocated, and what is to be given back when the pieces of work that may use it are done.
    private struct MemoryRecord {
        var sizes: [Driver.Address: Int] = [:]
        /// The number of the pieces' set that runs now, nil where none does.
        var running: Int?
        var sets = 0
        var deferred: [Driver.Address] = []
    }

    var driver: Driver { device.driver }

    /// - Throws: `DeviceError`.
    init(_ cuda: CUDA, index: Int) throws(DeviceError) {
        device = try cuda.device(index)
        compiler = cuda.compiler
        cache = cuda.cache
        products = cuda.products
        decompositions = cuda.decompositions
        convolutions = cuda.convolutions
        convolutionPlans = convolutions.map { ConvolutionPlans($0) }
        try device.makeCurrent()
        pool = try device.pool()
        // Memory that was given back stays the process's, so that a step after the first waits for no allocation.
        try device.driver.set(.releaseThreshold, of: pool, to: .max)
        mainStream = try DeviceStream(on: device, products, decompositions, convolutions)
    }

    deinit {
        // Memory may be given back to a pool only by a stream that still is: handles of tensors keep this object.
        try? device.makeCurrent()
        try? driver.synchronize()
    }

    // MARK: Failures

    /// Does the work unless something has failed before, and keeps what it fails with.
    ///
    /// - Returns: nil where it was not done.
    @discardableResult
    func attempt<Result>(_ work: () throws(DeviceError) -> Result) -> Result? {
        guard failure.withLock({ $0 == nil }) else { return nil }
        do throws(DeviceError) {
            try device.makeCurrent()
            return try work()
        } catch {
            failure.withLock { first in if first == nil { first = error } }
            return nil
        }
    }

    /// Waits for all streams, and throws what failed first. A device that has failed stays so.
    func throwFailure() throws(DeviceError) {
        attempt { () throws(DeviceError) in try driver.synchronize() }
        if let failure = failure.withLock({ $0 }) { throw failure }
    }

    // MARK: Memory

    /// The most bytes that were in use at once.
    func peakByteCount() -> Int? {
        attempt { () throws(DeviceError) in Int(try driver.value(.usedBytesHigh, of: pool)) }
    }

    /// The bytes that are in use now.
    var liveByteCount: Int { memory.withLock { $0.sizes.values.reduce(0, +) } }

    /// Memory with whatever is in it; none where nothing is asked for, or after a failure.
    func allocate(_ bytes: Int, on stream: DeviceStream) -> DeviceMemory {
        let address =
            bytes == 0
            ? nil
            : attempt { () throws(DeviceError) in
                if let address = try driver.allocate(bytes, on: stream.handle) { return address }
                throw outOfMemory(bytes)
            }
        return memory(at: address, bytes, on: stream)
    }

    /// The same, nil where there is not so much left: for work that can be done in smaller pieces.
    func allocateIfThereIsRoom(_ bytes: Int, on stream: DeviceStream) throws(DeviceError) -> DeviceMemory? {
        guard let address = try driver.allocate(bytes, on: stream.handle) else { return nil }
        return memory(at: address, bytes, on: stream)
    }

    private func memory(at address: Driver.Address?, _ bytes: Int, on stream: DeviceStream) -> DeviceMemory {
        let set = memory.withLock { memory in
            if let address { memory.sizes[address] = bytes }
            return memory.running
        }
        return DeviceMemory(address: address ?? 0, byteCount: bytes, device: self, stream: stream, set: set)
    }

    private func outOfMemory(_ bytes: Int) -> DeviceError {
        .outOfMemory(
            asked: bytes, free: try? driver.memory().free, largest: memory.withLock { $0.sizes.values.max() })
    }

    /// Gives memory back, in the order of a stream behind all that may use it.
    ///
    /// Memory that pieces of work allocate while they run is used by its own piece alone; what was there before may be in use
    /// by any of them.
    fileprivate func free(_ address: Driver.Address, allocatedOn stream: DeviceStream, in set: Int?) {
        let place = memory.withLock { memory -> DeviceStream? in
            memory.sizes[address] = nil
            guard let running = memory.running else { return mainStream }
            if set == running { return stream }
            memory.deferred.append(address)
            return nil
        }
        if let place { giveBack(address, on: place) }
    }

    // After a fault of the device nothing can be freed any more; the process gives its memory back at its end.
    private func giveBack(_ address: Driver.Address, on stream: DeviceStream) {
        try? device.makeCurrent()
        try? driver.free(address, on: stream.handle)
    }

    // MARK: Kernels

    func module<Scalar: CUDAScalar>(_ source: KernelSource, of scalar: Scalar.Type) throws(DeviceError) -> KernelModule {
        try modules.withLock { modules throws(DeviceError) in
            let name = ModuleName(source: source, scalar: Scalar.kernelName)
            if let module = modules[name] { return module }
            let module = try KernelModule(
                source, scalar: Scalar.kernelName, compiler: compiler, cache: cache, device: device)
            modules[name] = module
            return module
        }
    }

    // MARK: Side by side

    /// body(lane, 0), … body(lane, count − 1) on `width` lanes, piece i on lane i mod `width`; when this returns, what is asked
    /// of the main stream comes behind all of them.
    func perform<Scalar>(_ count: Int, width: Int, _ body: @Sendable (Lane<Scalar>, Int) -> Void) {
        sideBySide.withLock { _ in
            // After a failure nothing is computed any more, but every piece has its results to make.
            let streams =
                attempt { () throws(DeviceError) in try laneStreams(min(width, count)) } ?? [mainStream]
            attempt { () throws(DeviceError) in for stream in streams { try stream.wait(for: mainStream) } }
            memory.withLock { memory in
                memory.sets += 1
                memory.running = memory.sets
            }
            let gathering = Gathering<EigenRequest<Scalar>>(lanes: streams.count) { [self] in decompose($0) }
            Threads.perform(streams.count) { number in
                let lane = Lane(stream: streams[number], number: number, gathering: gathering)
                for index in stride(from: number, to: count, by: streams.count) { body(lane, index) }
                gathering.leave()
            }
            attempt { () throws(DeviceError) in for stream in streams { try mainStream.wait(for: stream) } }
            let deferred = memory.withLock { memory in
                defer { memory.deferred = [] }
                memory.running = nil
                return memory.deferred
            }
            for address in deferred { giveBack(address, on: mainStream) }
        }
    }

    private func laneStreams(_ count: Int) throws(DeviceError) -> [DeviceStream] {
        try lanes.withLock { lanes throws(DeviceError) in
            while lanes.count < count { lanes.append(try DeviceStream(on: device, products, decompositions, convolutions)) }
            return Array(lanes.prefix(count))
        }
    }
}

/// Memory of a device, given back when nobody holds it any more.
final class DeviceMemory: Sendable {
    /// 0 where there is none.
    let address: Driver.Address
    let byteCount: Int
    let device: OpenDevice
    /// The stream in whose order it was allocated, and the set of pieces of work, if one was running.
    private let stream: DeviceStream
    private let set: Int?

    fileprivate init(address: Driver.Address, byteCount: Int, device: OpenDevice, stream: DeviceStream, set: Int?) {
        self.address = address
        self.byteCount = byteCount
        self.device = device
        self.stream = stream
        self.set = set
    }

    deinit { if address != 0 { device.free(address, allocatedOn: stream, in: set) } }
}
