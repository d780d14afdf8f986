import Compute

/// Passes over entries, and over columns of features.
extension CUDABackend {
    /// A tensor of the shape of `a`, every entry from that of `a`, by a kernel of source, result and count.
    func entries(_ source: KernelSource, _ kernel: String, _ a: Tensor) -> Tensor {
        let result = makeTensor(rows: a.rows, columns: a.columns)
        launch(source, kernel, count: a.count, a.address, result.address, Int64(a.count))
        return result
    }

    /// The same from two tensors of one shape.
    func entries(_ source: KernelSource, _ kernel: String, _ a: Tensor, _ b: Tensor) -> Tensor {
        requireEqualShapes(a, b)
        let result = makeTensor(rows: a.rows, columns: a.columns)
        launch(source, kernel, count: a.count, a.address, b.address, result.address, Int64(a.count))
        return result
    }

    public func addToColumns(_ a: Tensor, _ vector: Tensor) -> Tensor {
        requireFeatures(vector, of: a)
        let result = makeTensor(rows: a.rows, columns: a.columns)
        launch(
            .rows, "add_to_columns", count: a.count, a.address, vector.address, Int64(a.rows), result.address, Int64(a.count))
        return result
    }

    func requireFeatures(_ vector: Tensor, of a: Tensor) {
        precondition(
            vector.rows == a.rows && vector.columns == 1,
            "\(vector.rows) × \(vector.columns) values for the rows of \(a.rows) × \(a.columns)")
    }
}
