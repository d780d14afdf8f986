import Compute

/// How a matrix is cut for sums over the columns of its rows: by its shape alone, so that sums are the same on every device.
struct RowTiles {
    /// Rows side by side in a block of threads.
    let width: Int
    /// Ranges of columns, which are summed by themselves.
    let chunks: Int
    private let rows: Int

    init(rows: Int, columns: Int) {
        self.rows = rows
        width = rows.powerOfTwo(upTo: 32)
        let tiles = max(rows.groups(of: width), 1)
        // About as many blocks as a large device holds, each with enough columns to be worth its start.
        chunks = max(1, min(1024 / tiles, columns / (Self.threads / width * 16)))
    }

    /// Of a launch that puts together what the chunks of those rows gave, a chunk a column: narrow where there are many, so that
    /// several threads share those of a row.
    init(joining chunks: Int, rows: Int) {
        self.rows = rows
        width = min(rows.powerOfTwo(upTo: 32), max(1, Self.threads * 8 / max(chunks, 1)).powerOfTwo(upTo: 32))
        self.chunks = 1
    }

    static let threads = 256

    var blocks: Int { rows.groups(of: width) * chunks }
}

extension CUDABackend {
    public func rowSums(_ a: Tensor) -> Tensor {
        let tiles = RowTiles(rows: a.rows, columns: a.columns)
        let parts = makeTensor(rows: a.rows, columns: tiles.chunks)
        addRows(a, tiles, into: parts)
        if tiles.chunks == 1 { return parts }
        let sums = makeTensor(rows: a.rows, columns: 1)
        addRows(parts, RowTiles(joining: tiles.chunks, rows: a.rows), into: sums)
        return sums
    }

    private func addRows(_ a: Tensor, _ tiles: RowTiles, into sums: Tensor) {
        launch(
            .rows, "row_sums", blocks: tiles.blocks, threads: RowTiles.threads, a.address, Int64(a.rows), Int64(a.columns),
            Int32(tiles.width), Int32(tiles.chunks), sums.address)
    }

    /// The row sums of the upper and the lower half of a matrix, those of the upper one times factors where they are given: the
    /// gradients of a gain and a bias.
    func pairSums(_ parts: Tensor, factors: Vector?) -> (upper: Tensor, lower: Tensor) {
        let rows = parts.rows / 2
        let tiles = RowTiles(joining: parts.columns, rows: rows)
        let (upper, lower) = (makeTensor(rows: rows, columns: 1), makeTensor(rows: rows, columns: 1))
        launch(
            .rows, "pair_sums", blocks: tiles.blocks, threads: RowTiles.threads, parts.address, Int64(rows),
            Int64(parts.columns), Int32(tiles.width), factors?.address ?? 0, upper.address, lower.address)
        return (upper, lower)
    }
}
