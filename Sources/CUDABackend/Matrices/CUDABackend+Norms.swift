import Compute
import MatrixCore

/// Numbers that stand for whole tensors, or for their columns.
extension CUDABackend {
    public func norms(of tensors: [Tensor]) -> [Scalar] {
        let parts = parts(of: tensors)
        let sums = allocate(parts.count, of: Double.self)
        let result = makeVector(tensors.count)
        // Squares of float32 stay in the range of double precision, in which they are summed.
        let largest = Scalar.self == Float.self ? nil : largestMagnitudes(of: parts, tensors.count)
        launch(
            .reductions, "sum_squares_of_parts", blocks: parts.count, threads: Self.threadsOfPart, sums.address,
            parts.memory.address, largest?.address ?? 0)
        launch(
            .reductions, "norms_of_groups", blocks: tensors.count, threads: Self.threadsOfPart, result.address, sums.address,
            parts.first.address, largest?.address ?? 0)
        return download(result.memory, count: result.count)
    }

    public func largestMagnitudes(of tensors: [Tensor]) -> [Scalar] {
        let result = largestMagnitudes(of: parts(of: tensors), tensors.count)
        return download(result.memory, count: result.count)
    }

    public func distanceFromIdentity(_ a: Tensor) -> Vector {
        requireSquare(a)
        return largest("largest_distance_from_identity", of: a)
    }

    /// The largest magnitude on and above the diagonal.
    func largestOfUpperTriangle(_ a: Tensor) -> Vector { largest("largest_of_upper_triangle", of: a) }

    public func columnMagnitudes(_ a: Tensor) -> Vector {
        let result = makeVector(a.columns)
        launch(
            .reductions, "column_magnitudes", count: 32 * a.columns, result.address, a.address, Int64(a.rows),
            Int64(a.columns))
        return result
    }

    public func squaredColumnNorms(_ a: Tensor) -> Vector { columnProducts(a, a) }

    public func columnProducts(_ a: Tensor, _ b: Tensor) -> Vector {
        requireEqualShapes(a, b)
        let result = makeVector(a.columns)
        launch(
            .reductions, "column_products", count: 32 * a.columns, result.address, a.address, b.address, Int64(a.rows),
            Int64(a.columns))
        return result
    }

    // MARK: Parts of tensors

    /// Entries that a block of threads reads: a length of its own, so that sums have the same bits on every device.
    private static var lengthOfPart: Int { 1 << 14 }
    private static var threadsOfPart: Int { 256 }

    /// The parameter `Part` of the kernels, field by field.
    private struct Part: BitwiseCopyable {
        let entries: Driver.Address
        let count: Int64
        let tensor: Int64
    }

    /// Tensors cut into parts, on the device.
    private struct Parts {
        let memory: DeviceMemory
        let count: Int
        /// The number of each tensor's first part, and that of all parts.
        let first: DeviceMemory
    }

    private func parts(of tensors: [Tensor]) -> Parts {
        var (parts, first): ([Part], [Int64]) = ([], [0])
        for (index, tensor) in tensors.enumerated() {
            for start in stride(from: 0, to: tensor.count, by: Self.lengthOfPart) {
                let address = tensor.address + Driver.Address(start * MemoryLayout<Scalar>.stride)
                let count = min(Self.lengthOfPart, tensor.count - start)
                parts.append(Part(entries: address, count: Int64(count), tensor: Int64(index)))
            }
            first.append(Int64(parts.count))
        }
        return Parts(memory: upload(parts), count: parts.count, first: upload(first))
    }

    private func largestMagnitudes(of parts: Parts, _ tensors: Int) -> Vector {
        let (partial, result) = (makeVector(parts.count), makeVector(tensors))
        launch(
            .reductions, "largest_of_parts", blocks: parts.count, threads: Self.threadsOfPart, partial.address,
            parts.memory.address)
        launch(
            .reductions, "largest_of_groups", blocks: tensors, threads: Self.threadsOfPart, result.address, partial.address,
            parts.first.address)
        return result
    }

    /// The largest value that a kernel finds in a square tensor, 0 in an empty one.
    private func largest(_ kernel: String, of a: Tensor) -> Vector {
        let (partial, result) = (makeVector((a.count - 1) / Self.lengthOfPart + 1), makeVector(1))
        launch(
            .reductions, kernel, blocks: partial.count, threads: Self.threadsOfPart, partial.address, a.address, Int64(a.rows),
            Int64(Self.lengthOfPart))
        launch(
            .reductions, "largest_of_values", blocks: 1, threads: Self.threadsOfPart, result.address, partial.address,
            Int64(partial.count))
        return result
    }
}
