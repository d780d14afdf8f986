import Compute
import MatrixCore

/// Rows of tables, groups of columns and masks.
extension CUDABackend {
    public func gatherRows(_ table: Tensor, _ rows: [Int]) -> Tensor {
        requireRows(rows, below: table.rows)
        let result = makeTensor(rows: table.columns, columns: rows.count)
        let chosen = upload(rows.map { Int32($0) })
        launch(
            .selection, "gather_rows", count: result.count, table.address, chosen.address, Int64(table.rows),
            Int64(table.columns), result.address, Int64(result.count))
        return result
    }

    /// The host lists the columns of every row, so that each entry has its own thread, which adds in their order.
    public func scatterRows(_ columns: Tensor, _ rows: [Int], count: Int) -> Tensor {
        requireRows(rows, below: count)
        precondition(rows.count == columns.columns, "\(rows.count) rows for \(columns.columns) columns")
        var starts = [Int32](repeating: 0, count: count + 1)
        for row in rows { starts[row + 1] += 1 }
        for row in 0..<count { starts[row + 1] += starts[row] }
        var next = starts
        var positions = [Int32](repeating: 0, count: rows.count)
        for (position, row) in rows.enumerated() {
            positions[Int(next[row])] = Int32(position)
            next[row] += 1
        }
        let result = makeTensor(rows: count, columns: columns.rows)
        let (ordered, bounds) = (upload(positions), upload(starts))
        let tile = 32
        launch(
            .selection, "scatter_rows", blocks: count.groups(of: tile) * columns.rows.groups(of: tile), threads: 256,
            columns.address, ordered.address, bounds.address, Int64(count), Int64(columns.rows), result.address)
        return result
    }

    public func groupMeans(_ a: Tensor, size: Int) -> Tensor {
        precondition(size > 0 && a.columns % size == 0, "groups of \(size) in \(a.columns) columns")
        let result = makeTensor(rows: a.rows, columns: a.columns / size)
        launch(
            .selection, "group_means", count: result.count, a.address, Int64(a.rows), Int64(size), result.address,
            Int64(result.count))
        return result
    }

    public func spreadGroups(_ a: Tensor, size: Int) -> Tensor {
        precondition(size > 0, "groups of \(size)")
        let result = makeTensor(rows: a.rows, columns: a.columns * size)
        launch(
            .selection, "spread_groups", count: a.count, a.address, Int64(a.rows), Int64(size), result.address,
            Int64(a.count))
        return result
    }

    /// Two numbers of the generator are key and stream of Philox4x32-10; word k mod 4 of its block k/4 decides on
    /// entry k, which is kept where the word is at least rate·2³².
    public func dropoutMask(rows: Int, columns: Int, rate: Double, generator: PhiloxGenerator) -> Tensor {
        precondition(rate >= 0 && rate < 1, "a dropout rate of \(rate)")
        var generator = generator
        let (key, stream) = (generator.next(), generator.next())
        let threshold = UInt32(min((rate * 0x1p32).rounded(.up), 0x1p32 - 1))
        let mask = makeTensor(rows: rows, columns: columns)
        launch(
            .selection, "dropout_mask", count: mask.count.groups(of: 4), key, stream, threshold, Scalar(1 / (1 - rate)),
            mask.address, Int64(mask.count))
        return mask
    }

    private func requireRows(_ rows: [Int], below count: Int) {
        precondition(rows.allSatisfy { 0..<count ~= $0 }, "rows of a table of \(count)")
    }
}

extension Int {
    /// How many groups of a size hold so many.
    func groups(of size: Int) -> Int { (self + size - 1) / size }

    /// The smallest power of two that is not less, at most `limit`.
    func powerOfTwo(upTo limit: Int) -> Int {
        var power = 1
        while power < self && power < limit { power *= 2 }
        return power
    }
}
