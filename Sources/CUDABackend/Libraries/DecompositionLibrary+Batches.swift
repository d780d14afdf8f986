/// Symmetric matrices of one order, one after the other in memory.
struct EigenBatch<Scalar: CUDAScalar> {
    let order: Int
    let count: Int
    /// The upper triangles are read, and the whole matrices are replaced by eigenvectors.
    let matrices: Driver.Address
    let values: Driver.Address
    /// An Int32 a matrix: 0 where it was done.
    let infos: Driver.Address
}

/// `cusolverDnXsyevBatched`, which cuSOLVER has since version 11.7.1.
extension DecompositionLibrary {
    private typealias Address = Driver.Address
    typealias Parameters = OpaquePointer

    /// The most matrices that it takes at once.
    static var largestBatch: Int { 65_535 }

    var hasBatches: Bool {
        library.address(of: "cusolverDnXsyevBatched") != nil && library.address(of: "cusolverDnXsyevBatched_bufferSize") != nil
    }

    /// Calls `body` with parameters of the routine, which are cuSOLVER's own defaults.
    func withParameters<Result>(_ body: (Parameters?) throws(DeviceError) -> Result) throws(DeviceError) -> Result {
        var parameters: Parameters?
        let create = try library.function(
            "cusolverDnCreateParams", as: (@convention(c) (UnsafeMutablePointer<Parameters?>) -> Code).self)
        let destroy = try library.function("cusolverDnDestroyParams", as: (@convention(c) (Parameters?) -> Code).self)
        try check(create(&parameters), "cusolverDnCreateParams")
        // What cannot be given back is lost, and nobody can act on it.
        defer { _ = destroy(parameters) }
        return try body(parameters)
    }

    /// The bytes of work memory on the device, and on the host, that a batch asks for.
    func workBytes<Scalar>(
        of batch: EigenBatch<Scalar>, _ handle: Handle?, _ parameters: Parameters?
    ) throws(DeviceError) -> (onDevice: Int, onHost: Int) {
        typealias Call =
            @convention(c) (
                Handle?, Parameters?, Int32, Int32, Int64, Int32, Address, Int64, Int32, Address, Int32,
                UnsafeMutablePointer<Int>, UnsafeMutablePointer<Int>, Int64
            ) -> Code
        let (order, type) = (Int64(batch.order), Scalar.dataType)
        var (onDevice, onHost) = (0, 0)
        let symbol = "cusolverDnXsyevBatched_bufferSize"
        let function = try library.function(symbol, as: Call.self)
        try check(
            function(
                handle, parameters, Self.withVectors, Self.upperTriangle, order, type, batch.matrices, order, type,
                batch.values, type, &onDevice, &onHost, Int64(batch.count)),
            symbol)
        return (onDevice, onHost)
    }

    func decompose<Scalar>(
        _ batch: EigenBatch<Scalar>, _ handle: Handle?, _ parameters: Parameters?,
        onDevice: (address: Driver.Address, count: Int), onHost: UnsafeMutableRawBufferPointer
    ) throws(DeviceError) {
        typealias Call =
            @convention(c) (
                Handle?, Parameters?, Int32, Int32, Int64, Int32, Address, Int64, Int32, Address, Int32, Address, Int,
                UnsafeMutableRawPointer?, Int, Address, Int64
            ) -> Code
        let (order, type) = (Int64(batch.order), Scalar.dataType)
        let symbol = "cusolverDnXsyevBatched"
        let function = try library.function(symbol, as: Call.self)
        try check(
            function(
                handle, parameters, Self.withVectors, Self.upperTriangle, order, type, batch.matrices, order, type,
                batch.values, type, onDevice.address, onDevice.count, onHost.baseAddress, onHost.count, batch.infos,
                Int64(batch.count)),
            symbol)
    }
}
