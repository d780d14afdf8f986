import Compute
import MatrixCore

/// Products by cuBLAS.
extension CUDABackend {
    public func multiply(
        _ a: Tensor, transposed transposeA: Bool, _ b: Tensor, transposed transposeB: Bool, alpha: Scalar
    ) -> Tensor {
        let (rows, depth) = transposeA ? (a.columns, a.rows) : (a.rows, a.columns)
        let columns = transposeB ? b.rows : b.columns
        precondition(
            depth == (transposeB ? b.columns : b.rows),
            "a product of \(a.rows) × \(a.columns) and \(b.rows) × \(b.columns), transposed: \(transposeA), \(transposeB)")
        // A sum of nothing has no factor to point at.
        guard depth > 0 else { return zeros(rows: rows, columns: columns) }
        let result = makeTensor(rows: rows, columns: columns)
        guard result.count > 0 else { return result }
        let (first, second) = (factor(a), factor(b))
        multiply(
            rows: rows, columns: columns, depth: depth, alpha: alpha,
            ProductLibrary.Factor(first.address, leadingDimension: a.rows, transposed: transposeA, isRounded: roundsFactors),
            ProductLibrary.Factor(second.address, leadingDimension: b.rows, transposed: transposeB, isRounded: roundsFactors),
            into: ProductLibrary.Factor(result.address, leadingDimension: rows))
        if roundsFactors {
            stream.keep([RoundedFactor(source: a.memory, copy: first), RoundedFactor(source: b.memory, copy: second)])
        }
        return result
    }

    /// The whole product, and the mirror image of its upper triangle, since no promise is made that entries (i, j) and (j, i)
    /// are summed in the same order.
    public func symmetricProduct(_ a: Tensor, transposed: Bool, alpha: Scalar) -> Tensor {
        let result = multiply(a, transposed: transposed, a, transposed: !transposed, alpha: alpha)
        launch(
            .elements, "mirror_upper_triangle", count: result.count, result.address, result.address, Int64(result.rows))
        return result
    }

    /// C ← α·op(A)·op(B) + β·C for a batch of matrices, with factors of the backend's precision.
    func multiply(
        rows: Int, columns: Int, depth: Int, batch: Int = 1, alpha: Scalar = 1, _ a: ProductLibrary.Factor,
        _ b: ProductLibrary.Factor, beta: Scalar = 0, into c: ProductLibrary.Factor
    ) {
        let (first, second) = (
            rounded(a, rows: rows, columns: depth, batch: batch), rounded(b, rows: depth, columns: columns, batch: batch)
        )
        device.attempt { () throws(DeviceError) in
            try device.products.multiply(
                try stream.productHandle(), rows: rows, columns: columns, depth: depth, batch: batch, alpha: alpha,
                first.factor, second.factor, beta: beta, into: c, roundsToTF32: precision == .tf32)
        }
        withExtendedLifetime((first.memory, second.memory)) {}
    }

    // MARK: Rounded factors

    /// A tensor as products read it.
    private func factor(_ a: Tensor) -> DeviceMemory {
        if !roundsFactors { return a.memory }
        return stream.copy(ofFactor: a.memory)
            ?? roundedCopy(of: a.address, rows: a.rows, columns: a.columns, leadingDimension: a.rows)
    }

    /// Whether factors are rounded to bfloat16 before they are multiplied. cuBLAS has a mode in which it may round float32 by itself,
    /// and rounds to TF32 then.
    var roundsFactors: Bool { precision == .bfloat16 && Scalar.self == Float.self }

    /// A factor as the backend's precision wants it: as it is, or a copy of bfloat16 without gaps, with the memory that holds it.
    ///
    /// - Parameters:
    ///   - rows: of op(factor), as `columns`.
    private func rounded(
        _ factor: ProductLibrary.Factor, rows: Int, columns: Int, batch: Int
    ) -> (factor: ProductLibrary.Factor, memory: DeviceMemory?) {
        if !roundsFactors || factor.isRounded { return (factor, nil) }
        let (height, width) = factor.isTransposed ? (columns, rows) : (rows, columns)
        // What a whole batch has in common is rounded once.
        let count = factor.stride == 0 ? 1 : batch
        let memory = roundedCopy(
            of: factor.address, rows: height, columns: width, leadingDimension: factor.leadingDimension, batch: count,
            stride: factor.stride)
        let copy = ProductLibrary.Factor(
            memory.address, leadingDimension: height, transposed: factor.isTransposed,
            stride: factor.stride == 0 ? 0 : height * width, isRounded: true)
        return (copy, memory)
    }

    /// Matrices of a batch in bfloat16, to the nearest and of two as near to the even one, one after the other without gaps.
    func roundedCopy(
        of address: Driver.Address, rows: Int, columns: Int, leadingDimension: Int, batch: Int = 1, stride: Int = 0
    ) -> DeviceMemory {
        let memory = allocate(rows * columns * batch, of: UInt16.self)
        // Four entries at once where all columns begin at a multiple of four.
        let width = [rows, leadingDimension, stride].allSatisfy { $0.isMultiple(of: 4) } && address.isMultiple(of: 16) ? 4 : 1
        launch(
            .elements, width == 4 ? "round_fours" : "round_entries", count: rows * columns * batch / width, address,
            Int64(rows / width), Int64(columns), Int64(leadingDimension), Int64(stride), memory.address,
            Int64(rows * columns * batch / width))
        return memory
    }
}
