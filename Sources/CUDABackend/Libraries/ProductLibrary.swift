/// cuBLAS: products of matrices.
///
/// Names, argument types and numbers are those of cuBLAS's documentation of version 12.
struct ProductLibrary: Sendable {
    let library: any SymbolSource

    typealias Handle = OpaquePointer
    typealias Code = Int32

    /// cublasComputeType_t: factors as they are, or rounded to TF32 by the library.
    private static func computeType<Scalar: CUDAScalar>(_: Scalar.Type, roundsToTF32: Bool) -> Int32 {
        if Scalar.self == Double.self { return 70 }
        return roundsToTF32 ? 77 : 68
    }

    /// A handle for the context that is current, which computes on the stream.
    func makeHandle(on stream: Driver.Stream?) throws(DeviceError) -> Handle? {
        var handle: Handle?
        let create = try library.function(
            "cublasCreate_v2", as: (@convention(c) (UnsafeMutablePointer<Handle?>) -> Code).self)
        try check(create(&handle), "cublasCreate")
        do throws(DeviceError) {
            let set = try library.function(
                "cublasSetStream_v2", as: (@convention(c) (Handle?, Driver.Stream?) -> Code).self)
            try check(set(handle, stream), "cublasSetStream")
        } catch {
            try? destroy(handle)
            throw error
        }
        return handle
    }

    func destroy(_ handle: Handle?) throws(DeviceError) {
        let function = try library.function("cublasDestroy_v2", as: (@convention(c) (Handle?) -> Code).self)
        try check(function(handle), "cublasDestroy")
    }

    /// A matrix of a product, column by column.
    struct Factor {
        let address: Driver.Address
        /// From one column to the next, in entries.
        let leadingDimension: Int
        let isTransposed: Bool
        /// From one matrix of a batch to the next, in entries.
        let stride: Int
        /// Whether its entries are of bfloat16 in place of the scalar.
        let isRounded: Bool

        init(
            _ address: Driver.Address, leadingDimension: Int, transposed: Bool = false, stride: Int = 0, isRounded: Bool = false
        ) {
            self.address = address
            self.leadingDimension = leadingDimension
            isTransposed = transposed
            self.stride = stride
            self.isRounded = isRounded
        }

        /// cudaDataType: CUDA_R_16BF, or the scalar's.
        fileprivate func type<Scalar: CUDAScalar>(_: Scalar.Type) -> Int32 { isRounded ? 14 : Scalar.dataType }
    }

    /// C ← α·op(A)·op(B) + β·C for `batch` triples of matrices; C is rows × columns, `depth` the length of the inner products. C is of
    /// the scalar, and so are A and B unless both are of bfloat16; sums are of the scalar.
    func multiply<Scalar: CUDAScalar>(
        _ handle: Handle?, rows: Int, columns: Int, depth: Int, batch: Int, alpha: Scalar, _ a: Factor, _ b: Factor,
        beta: Scalar, into c: Factor, roundsToTF32: Bool
    ) throws(DeviceError) {
        typealias Call =
            @convention(c) (
                Handle?, Int32, Int32, Int32, Int32, Int32, UnsafeRawPointer, Driver.Address, Int32, Int32, Int64,
                Driver.Address, Int32, Int32, Int64, UnsafeRawPointer, Driver.Address, Int32, Int32, Int64, Int32, Int32,
                Int32
            ) -> Code
        /// CUBLAS_GEMM_DEFAULT.
        let algorithm: Int32 = -1
        let (typeA, typeB, typeC) = (a.type(Scalar.self), b.type(Scalar.self), c.type(Scalar.self))
        let function = try library.function("cublasGemmStridedBatchedEx", as: Call.self)
        var (alpha, beta) = (alpha, beta)
        try check(
            function(
                handle, a.isTransposed ? 1 : 0, b.isTransposed ? 1 : 0, Int32(rows), Int32(columns), Int32(depth), &alpha,
                a.address, typeA, Int32(a.leadingDimension), Int64(a.stride), b.address, typeB, Int32(b.leadingDimension),
                Int64(b.stride), &beta, c.address, typeC, Int32(c.leadingDimension), Int64(c.stride), Int32(batch),
                Self.computeType(Scalar.self, roundsToTF32: roundsToTF32), algorithm),
            "cublasGemmStridedBatchedEx")
    }

    /// B ← op(R)⁻¹·B for an upper triangular R.
    func solveTriangular<Scalar: CUDAScalar>(
        _ handle: Handle?, _ scalar: Scalar.Type, transposed: Bool, factor: Driver.Address, order: Int, columns: Int,
        right: Driver.Address
    ) throws(DeviceError) {
        typealias Call =
            @convention(c) (
                Handle?, Int32, Int32, Int32, Int32, Int32, Int32, UnsafeRawPointer, Driver.Address, Int32, Driver.Address,
                Int32
            ) -> Code
        /// CUBLAS_SIDE_LEFT, CUBLAS_FILL_MODE_UPPER and CUBLAS_DIAG_NON_UNIT.
        let (left, upper, notUnit): (Int32, Int32, Int32) = (0, 1, 0)
        let name = Scalar.self == Double.self ? "cublasDtrsm_v2" : "cublasStrsm_v2"
        let function = try library.function(name, as: Call.self)
        var one: Scalar = 1
        try check(
            function(
                handle, left, upper, transposed ? 1 : 0, notUnit, Int32(order), Int32(columns), &one, factor, Int32(order),
                right, Int32(order)),
            name)
    }

    private func check(_ code: Code, _ name: String) throws(DeviceError) {
        if code == 0 { return }
        typealias Describe = @convention(c) (Code) -> UnsafePointer<CChar>?
        let describe = try? library.function("cublasGetStatusString", as: Describe.self)
        let text = describe.flatMap { $0(code) }.map { String(cString: $0) }
        throw .call(name, code: code, text: text ?? "an error that cuBLAS does not describe")
    }
}
