import Compute
import MatrixCore

/// Decompositions by cuSOLVER.
extension CUDABackend {
    /// Both algorithms are cuSOLVER's `syevd`; lanes decompose small matrices of one order together by its `syevBatched`.
    ///
    /// The matrix is scaled by an exact power of two beforehand, as on the processor: squares within the decomposition of a
    /// matrix of small entries would else leave float32's range.
    public func symmetricEigen(
        _ a: Tensor, by algorithm: EigenAlgorithm
    ) throws(DecompositionError) -> (values: Vector, vectors: Tensor) {
        requireSquare(a)
        let (values, vectors) = (makeVector(a.rows), makeTensor(rows: a.rows, columns: a.rows))
        guard a.rows > 0 else { return (values, vectors) }
        let largest = largestOfUpperTriangle(a)
        launch(
            .reductions, "scale_to_unit", count: a.count, vectors.address, a.address, largest.address, Int64(a.count))
        let info = allocate(1, of: Int32.self)
        let request = EigenRequest(matrix: vectors, values: values, info: info, stream: stream)
        if let lane, device.isGathered(order: a.rows) {
            lane.gathering.meet(lane: lane.number, request)
        } else {
            device.decompose(request)
        }
        launch(
            .reductions, "scale_from_unit", count: a.rows, values.address, values.address, largest.address, Int64(a.rows))
        orientColumns(of: vectors, into: vectors)
        let code = code(info, of: "syevd")
        guard code == 0 else { throw .noConvergence(routine: "syevd", code: code) }
        return (values, vectors)
    }

    public func householderQR(_ a: Tensor) -> (packed: Tensor, scalars: Vector) {
        precondition(a.rows >= a.columns, "a QR factorization of \(a.rows) × \(a.columns)")
        let (packed, scalars) = (copied(a), makeVector(a.columns))
        guard a.columns > 0 else { return (packed, scalars) }
        _ = perform(
            .reflectors(rows: a.rows, columns: a.columns, matrix: packed.address, scalars: scalars.address))
        return (packed, scalars)
    }

    public func orthogonalFactor(reflectors: Tensor, scalars: Vector) -> Tensor {
        precondition(
            reflectors.rows >= reflectors.columns && scalars.count == reflectors.columns,
            "\(scalars.count) reflectors in \(reflectors.rows) × \(reflectors.columns)")
        let result = copied(reflectors)
        guard result.columns > 0 else { return result }
        _ = perform(
            .productOfReflectors(
                rows: result.rows, columns: result.columns, matrix: result.address, scalars: scalars.address))
        return result
    }

    public func choleskyFactor(_ a: Tensor) throws(DecompositionError) -> Tensor {
        requireSquare(a)
        let factor = copied(a)
        guard a.rows > 0 else { return factor }
        let info = perform(.cholesky(order: a.rows, matrix: factor.address))
        launch(.elements, "clear_lower_triangle", count: factor.count, factor.address, Int64(factor.rows))
        let minor = code(info, of: "potrf")
        guard minor == 0 else { throw .notPositiveDefinite(leadingMinor: minor) }
        return factor
    }

    public func solveTriangular(_ factor: Tensor, transposed: Bool, _ b: Tensor) -> Tensor {
        requireSquare(factor)
        precondition(factor.rows == b.rows, "a factor of order \(factor.rows) for \(b.rows) × \(b.columns)")
        let solution = copied(b)
        guard solution.count > 0 else { return solution }
        device.attempt { () throws(DeviceError) in
            try device.products.solveTriangular(
                try stream.productHandle(), Scalar.self, transposed: transposed, factor: factor.address, order: b.rows,
                columns: b.columns, right: solution.address)
        }
        return solution
    }

    private func copied(_ a: Tensor) -> Tensor {
        let result = makeTensor(rows: a.rows, columns: a.columns)
        copy(a.memory, to: result.memory, bytes: a.memory.byteCount)
        return result
    }

    private func perform(_ routine: DecompositionRoutine<Scalar>) -> DeviceMemory {
        let info = allocate(1, of: Int32.self)
        device.perform(routine, info: info, on: stream)
        return info
    }

    /// What a routine told: 0, or the positive number of what mathematics refused; 0 after a failure of the device.
    private func code(_ info: DeviceMemory, of routine: String) -> Int {
        let code: [Int32] = download(info, count: 1)
        if code[0] >= 0 { return Int(code[0]) }
        device.attempt { () throws(DeviceError) in
            throw .call("cusolverDn…\(routine)", code: code[0], text: "it refused an argument")
        }
        return 0
    }
}
