import Compute
import MatrixCore

/// The primitives on an NVIDIA GPU: cuBLAS for products, cuSOLVER for decompositions, cuDNN for convolutions where it is found,
/// kernels of its own for the rest.
///
/// What is computed is the same from run to run on the same device: sums go by fixed trees, and no result depends on which of
/// two things was done first. Codes and dropout masks are the processor's to the bit; the rest agrees with it within rounding.
public struct CUDABackend<Scalar: CUDAScalar>: NeuralBackend {
    public typealias Tensor = CUDATensor<Scalar>
    public typealias Vector = CUDAVector<Scalar>

    let device: OpenDevice
    /// What this backend computes on, in order.
    let stream: DeviceStream
    /// Where work goes on beside this backend's, nil outside of `concurrently`.
    let lane: Lane<Scalar>?
    public let precision: ProductPrecision

    /// - Throws: `DeviceError` where there is no such device, or it cannot be used.
    public init(_ cuda: CUDA, device index: Int = 0, precision: ProductPrecision = .float32) throws(DeviceError) {
        let device = try OpenDevice(cuda, index: index)
        self.init(device: device, lane: nil, precision: precision)
    }

    private init(device: OpenDevice, lane: Lane<Scalar>?, precision: ProductPrecision) {
        self.device = device
        self.lane = lane
        stream = lane?.stream ?? device.mainStream
        self.precision = precision
    }

    /// The most bytes of the device that were in use at once, nil after a failure.
    public var peakDeviceBytes: Int? { device.peakByteCount() }

    public func synchronize() throws(DeviceError) { try device.throwFailure() }

    // MARK: Side by side

    /// Streams on which pieces of work go side by side: enough for small blocks to fill the device.
    private static var lanes: Int { 8 }

    /// Pieces compute products of float32, whatever the precision of this backend: what goes side by side is the work of
    /// optimizers, on statistics and roots, whose iterations would make much of the rounding of their factors.
    public func concurrently(_ count: Int, _ body: @Sendable (CUDABackend, Int) -> Void) {
        // Work within a piece is that piece's own.
        if lane != nil || count < 2 {
            let own = CUDABackend(device: device, lane: lane, precision: .float32)
            for index in 0..<count { body(own, index) }
            return
        }
        device.perform(count, width: Self.lanes) { lane, index in
            body(CUDABackend(device: device, lane: lane, precision: .float32), index)
        }
    }

    // MARK: Memory

    /// A tensor of whatever is in its memory.
    func makeTensor(rows: Int, columns: Int) -> Tensor {
        Tensor(memory: allocate(rows * columns, of: Scalar.self), rows: rows, columns: columns)
    }

    func makeVector(_ count: Int) -> Vector { Vector(memory: allocate(count, of: Scalar.self), count: count) }

    func allocate<Element: BitwiseCopyable>(_ count: Int, of _: Element.Type) -> DeviceMemory {
        device.allocate(count * MemoryLayout<Element>.stride, on: stream)
    }

    /// Values in memory of their own.
    func upload<Element: BitwiseCopyable>(_ values: [Element]) -> DeviceMemory {
        let memory = allocate(values.count, of: Element.self)
        if values.isEmpty { return memory }
        values.withUnsafeBytes { bytes in
            _ = device.attempt { () throws(DeviceError) in
                try device.driver.copy(bytes, to: memory.address, on: stream.handle)
            }
        }
        return memory
    }

    /// The values that lie in a piece of memory; waits for them. Zeros after a failure.
    func download<Element: BitwiseCopyable & ExpressibleByIntegerLiteral>(
        _ memory: DeviceMemory, at first: Int = 0, count: Int
    ) -> [Element] {
        var values = [Element](repeating: 0, count: count)
        if count == 0 { return values }
        let offset = Driver.Address(first * MemoryLayout<Element>.stride)
        values.withUnsafeMutableBytes { bytes in
            _ = device.attempt { () throws(DeviceError) in
                try device.driver.copy(memory.address + offset, to: bytes, on: stream.handle)
                try device.driver.synchronize(stream.handle)
            }
        }
        return values
    }

    /// - Parameters:
    ///   - first: the first byte in the source.
    ///   - offset: the first byte in the target.
    func copy(_ source: DeviceMemory, from first: Int = 0, to target: DeviceMemory, at offset: Int = 0, bytes: Int) {
        if bytes == 0 { return }
        device.attempt { () throws(DeviceError) in
            try device.driver.copy(
                source.address + Driver.Address(first), to: target.address + Driver.Address(offset), bytes: bytes,
                on: stream.handle)
        }
    }

    /// The tensor's own memory to change, a copy where somebody else holds it.
    func makeUnique(_ a: inout Tensor) {
        if isKnownUniquelyReferenced(&a.memory) { return }
        let copied = makeTensor(rows: a.rows, columns: a.columns)
        copy(a.memory, to: copied.memory, bytes: a.memory.byteCount)
        a = copied
    }

    // MARK: Kernels

    static var threadsOfBlock: Int { 256 }

    /// Blocks of threads that pass over `count` elements: as many as are at work at a time, if there are so many.
    func blockCount(over count: Int) -> Int {
        count == 0 ? 0 : min((count - 1) / Self.threadsOfBlock + 1, 16 * device.device.multiprocessors)
    }

    /// Launches a kernel that passes over `count` elements, in steps where they are more than the device has places for.
    func launch<each Argument: BitwiseCopyable>(
        _ source: KernelSource, _ kernel: String, count: Int, _ arguments: repeat each Argument
    ) {
        launch(source, kernel, blocks: blockCount(over: count), threads: Self.threadsOfBlock, repeat each arguments)
    }

    /// Launches a kernel over blocks of threads.
    func launch<each Argument: BitwiseCopyable>(
        _ source: KernelSource, _ kernel: String, blocks: Int, threads: Int, _ arguments: repeat each Argument
    ) {
        if blocks == 0 { return }
        device.attempt { () throws(DeviceError) in
            let module = try device.module(source, of: Scalar.self)
            try module.launch(
                kernel, blocks: blocks, threads: threads, on: stream.handle, repeat each arguments)
        }
    }
}

// MARK: To the device and back

extension CUDABackend {
    public func tensor(_ matrix: Matrix<Scalar>) -> Tensor {
        Tensor(memory: upload(matrix.elements), rows: matrix.rows, columns: matrix.columns)
    }

    public func matrix(_ tensor: Tensor) -> Matrix<Scalar> {
        Matrix(rows: tensor.rows, columns: tensor.columns, elements: download(tensor.memory, count: tensor.count))
    }

    public func vector(_ values: [Scalar]) -> Vector { Vector(memory: upload(values), count: values.count) }

    /// All are gathered on the device, so that it is waited for once.
    public func values(of vectors: [Vector]) -> [[Scalar]] {
        let size = MemoryLayout<Scalar>.stride
        let all = makeVector(vectors.reduce(0) { $0 + $1.count })
        var first = 0
        for vector in vectors {
            copy(vector.memory, to: all.memory, at: first * size, bytes: vector.count * size)
            first += vector.count
        }
        let values: [Scalar] = download(all.memory, count: all.count)
        var begin = 0
        return vectors.map { vector in
            defer { begin += vector.count }
            return Array(values[begin..<begin + vector.count])
        }
    }

    public func shape(of tensor: Tensor) -> (rows: Int, columns: Int) { (tensor.rows, tensor.columns) }
}
