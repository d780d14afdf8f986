/// A matrix in a device's memory, column by column. A value: primitives that change one in place do so where nobody else
/// holds its memory.
public struct CUDATensor<Scalar: CUDAScalar>: Sendable {
    var memory: DeviceMemory
    let rows: Int
    let columns: Int

    var count: Int { rows * columns }
    var address: Driver.Address { memory.address }
}

/// A list of numbers in a device's memory; a value, as a tensor is.
public struct CUDAVector<Scalar: CUDAScalar>: Sendable {
    var memory: DeviceMemory
    let count: Int

    var address: Driver.Address { memory.address }
}
