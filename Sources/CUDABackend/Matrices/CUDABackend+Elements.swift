import Compute
import MatrixCore

/// Blocks of a tensor, and what is computed entry by entry.
extension CUDABackend {
    public func zeros(rows: Int, columns: Int) -> Tensor {
        let result = makeTensor(rows: rows, columns: columns)
        clear(result.memory)
        return result
    }

    public func identity(_ order: Int) -> Tensor {
        let result = makeTensor(rows: order, columns: order)
        launch(.elements, "set_identity", count: result.count, result.address, Int64(order))
        return result
    }

    /// The memory is shared.
    public func reshaped(_ a: Tensor, rows: Int, columns: Int) -> Tensor {
        precondition(rows * columns == a.count, "\(a.rows) × \(a.columns) as \(rows) × \(columns)")
        return Tensor(memory: a.memory, rows: rows, columns: columns)
    }

    /// A single row or column lies in memory as its transpose does.
    public func transposed(_ a: Tensor) -> Tensor {
        if a.rows == 1 || a.columns == 1 { return reshaped(a, rows: a.columns, columns: a.rows) }
        let result = makeTensor(rows: a.columns, columns: a.rows)
        let tiles = ((a.rows - 1) / Self.tileSide + 1) * ((a.columns - 1) / Self.tileSide + 1)
        launch(
            .elements, "transpose", blocks: a.count == 0 ? 0 : tiles, threads: 256, result.address, a.address, Int64(a.rows),
            Int64(a.columns))
        return result
    }

    /// `TRANSPOSED_TILE` of the kernels.
    private static var tileSide: Int { 32 }

    public func block(_ a: Tensor, rows: Range<Int>, columns: Range<Int>) -> Tensor {
        requireInside(a, rows, columns)
        if rows == 0..<a.rows && columns == 0..<a.columns { return a }
        let result = makeTensor(rows: rows.count, columns: columns.count)
        if rows == 0..<a.rows {
            // Whole columns lie together.
            copy(a.memory, from: columns.lowerBound * bytesOfColumn(a), to: result.memory, bytes: result.memory.byteCount)
            return result
        }
        launch(
            .elements, "copy_block", count: result.count, result.address, Int64(result.rows),
            address(of: a, rows.lowerBound, columns.lowerBound), Int64(a.rows), Int64(result.rows), Int64(result.columns))
        return result
    }

    public func setBlock(_ a: inout Tensor, rows: Range<Int>, columns: Range<Int>, to block: Tensor) {
        requireInside(a, rows, columns)
        precondition(
            block.rows == rows.count && block.columns == columns.count,
            "\(block.rows) × \(block.columns) into \(rows.count) × \(columns.count)")
        if rows == 0..<a.rows && columns == 0..<a.columns {
            a = block
            return
        }
        makeUnique(&a)
        if rows == 0..<a.rows {
            return copy(block.memory, to: a.memory, at: columns.lowerBound * bytesOfColumn(a), bytes: block.memory.byteCount)
        }
        launch(
            .elements, "copy_block", count: block.count, address(of: a, rows.lowerBound, columns.lowerBound), Int64(a.rows),
            block.address, Int64(block.rows), Int64(block.rows), Int64(block.columns))
    }

    public func combine(_ alpha: Scalar, _ a: Tensor, _ beta: Scalar, _ b: Tensor) -> Tensor {
        requireEqualShapes(a, b)
        let result = makeTensor(rows: a.rows, columns: a.columns)
        launch(.elements, "combine", count: a.count, result.address, alpha, a.address, beta, b.address, Int64(a.count))
        return result
    }

    public func elementwiseProduct(_ a: Tensor, _ b: Tensor) -> Tensor { entries(.elements, "multiply_entries", a, b) }

    /// Zeros in all of the memory.
    func clear(_ memory: DeviceMemory) {
        if memory.byteCount == 0 { return }
        device.attempt { () throws(DeviceError) in
            try device.driver.fill(memory.address, with: 0, bytes: memory.byteCount, on: stream.handle)
        }
    }

    func requireEqualShapes(_ a: Tensor, _ b: Tensor) {
        precondition(
            a.rows == b.rows && a.columns == b.columns, "\(a.rows) × \(a.columns) and \(b.rows) × \(b.columns)")
    }

    func requireSquare(_ a: Tensor) { precondition(a.rows == a.columns, "\(a.rows) × \(a.columns) is not square") }

    private func requireInside(_ a: Tensor, _ rows: Range<Int>, _ columns: Range<Int>) {
        precondition(
            rows.lowerBound >= 0 && rows.upperBound <= a.rows && columns.lowerBound >= 0
                && columns.upperBound <= a.columns, "rows \(rows), columns \(columns) of \(a.rows) × \(a.columns)")
    }

    private func bytesOfColumn(_ a: Tensor) -> Int { a.rows * MemoryLayout<Scalar>.stride }

    private func address(of a: Tensor, _ row: Int, _ column: Int) -> Driver.Address {
        a.address + Driver.Address((row + column * a.rows) * MemoryLayout<Scalar>.stride)
    }
}
