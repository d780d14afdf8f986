/// Streams, events and the memory that is given and taken in the order of a stream.
extension Driver {
    // MARK: Streams and events

    func makeStream() throws(DeviceError) -> Stream? {
        /// CU_STREAM_NON_BLOCKING: nothing of it waits for the default stream, on which nothing of ours runs.
        let nonBlocking: UInt32 = 1
        var stream: Stream?
        let function = try library.function(
            "cuStreamCreate", as: (@convention(c) (UnsafeMutablePointer<Stream?>, UInt32) -> Code).self)
        try check(function(&stream, nonBlocking), "cuStreamCreate")
        return stream
    }

    func destroy(stream: Stream?) throws(DeviceError) {
        let function = try library.function("cuStreamDestroy_v2", as: (@convention(c) (Stream?) -> Code).self)
        try check(function(stream), "cuStreamDestroy")
    }

    /// Waits until all that was asked of the stream is done.
    func synchronize(_ stream: Stream?) throws(DeviceError) {
        let function = try library.function("cuStreamSynchronize", as: (@convention(c) (Stream?) -> Code).self)
        try check(function(stream), "cuStreamSynchronize")
    }

    func makeEvent() throws(DeviceError) -> Event? {
        /// CU_EVENT_DISABLE_TIMING: an event that only orders.
        let withoutTiming: UInt32 = 2
        var event: Event?
        let function = try library.function(
            "cuEventCreate", as: (@convention(c) (UnsafeMutablePointer<Event?>, UInt32) -> Code).self)
        try check(function(&event, withoutTiming), "cuEventCreate")
        return event
    }

    func destroy(event: Event?) throws(DeviceError) {
        let function = try library.function("cuEventDestroy_v2", as: (@convention(c) (Event?) -> Code).self)
        try check(function(event), "cuEventDestroy")
    }

    /// Marks the stream's present end by the event.
    func record(_ event: Event?, on stream: Stream?) throws(DeviceError) {
        let function = try library.function("cuEventRecord", as: (@convention(c) (Event?, Stream?) -> Code).self)
        try check(function(event, stream), "cuEventRecord")
    }

    /// What is asked of the stream from now on begins when the event's mark is reached.
    func wait(_ stream: Stream?, for event: Event?) throws(DeviceError) {
        let function = try library.function(
            "cuStreamWaitEvent", as: (@convention(c) (Stream?, Event?, UInt32) -> Code).self)
        try check(function(stream, event, 0), "cuStreamWaitEvent")
    }

    // MARK: Memory

    /// CU_MEMPOOL_ATTR_….
    enum PoolAttribute: Int32 {
        case releaseThreshold = 4
        case usedBytesHigh = 8
    }

    /// The pool from which `allocate` takes.
    func defaultPool(of device: Device) throws(DeviceError) -> MemoryPool? {
        var pool: MemoryPool?
        let function = try library.function(
            "cuDeviceGetDefaultMemPool", as: (@convention(c) (UnsafeMutablePointer<MemoryPool?>, Device) -> Code).self)
        try check(function(&pool, device), "cuDeviceGetDefaultMemPool")
        return pool
    }

    func set(_ attribute: PoolAttribute, of pool: MemoryPool?, to value: UInt64) throws(DeviceError) {
        var value = value
        let function = try library.function(
            "cuMemPoolSetAttribute", as: (@convention(c) (MemoryPool?, Int32, UnsafeMutablePointer<UInt64>) -> Code).self)
        try check(function(pool, attribute.rawValue, &value), "cuMemPoolSetAttribute")
    }

    func value(_ attribute: PoolAttribute, of pool: MemoryPool?) throws(DeviceError) -> UInt64 {
        var value: UInt64 = 0
        let function = try library.function(
            "cuMemPoolGetAttribute", as: (@convention(c) (MemoryPool?, Int32, UnsafeMutablePointer<UInt64>) -> Code).self)
        try check(function(pool, attribute.rawValue, &value), "cuMemPoolGetAttribute")
        return value
    }

    /// Memory that the stream may use from this place on; nil where there is none left.
    func allocate(_ bytes: Int, on stream: Stream?) throws(DeviceError) -> Address? {
        var address: Address = 0
        let function = try library.function(
            "cuMemAllocAsync", as: (@convention(c) (UnsafeMutablePointer<Address>, Int, Stream?) -> Code).self)
        let code = function(&address, bytes, stream)
        if code == Self.outOfMemory { return nil }
        try check(code, "cuMemAllocAsync")
        return address
    }

    /// Gives memory back when the stream has come to this place.
    func free(_ address: Address, on stream: Stream?) throws(DeviceError) {
        let function = try library.function("cuMemFreeAsync", as: (@convention(c) (Address, Stream?) -> Code).self)
        try check(function(address, stream), "cuMemFreeAsync")
    }

    /// The bytes are taken before this returns, since they lie in memory that may be paged.
    func copy(_ bytes: UnsafeRawBufferPointer, to address: Address, on stream: Stream?) throws(DeviceError) {
        let function = try library.function(
            "cuMemcpyHtoDAsync_v2", as: (@convention(c) (Address, UnsafeRawPointer?, Int, Stream?) -> Code).self)
        try check(function(address, bytes.baseAddress, bytes.count, stream), "cuMemcpyHtoDAsync")
    }

    /// The bytes are there when the stream has been waited for.
    func copy(_ address: Address, to bytes: UnsafeMutableRawBufferPointer, on stream: Stream?) throws(DeviceError) {
        let function = try library.function(
            "cuMemcpyDtoHAsync_v2", as: (@convention(c) (UnsafeMutableRawPointer?, Address, Int, Stream?) -> Code).self)
        try check(function(bytes.baseAddress, address, bytes.count, stream), "cuMemcpyDtoHAsync")
    }

    func copy(_ source: Address, to target: Address, bytes: Int, on stream: Stream?) throws(DeviceError) {
        let function = try library.function(
            "cuMemcpyDtoDAsync_v2", as: (@convention(c) (Address, Address, Int, Stream?) -> Code).self)
        try check(function(target, source, bytes, stream), "cuMemcpyDtoDAsync")
    }

    func fill(_ address: Address, with byte: UInt8, bytes: Int, on stream: Stream?) throws(DeviceError) {
        let function = try library.function(
            "cuMemsetD8Async", as: (@convention(c) (Address, UInt8, Int, Stream?) -> Code).self)
        try check(function(address, byte, bytes, stream), "cuMemsetD8Async")
    }
}
