import Compute

/// Batch normalization: every row by itself. Moments of ranges of columns, each around its own mean, are joined as in Chan, Golub
/// and LeVeque, "Algorithms for computing the sample variance", 1983.
extension CUDABackend {
    public func batchNormalization(
        _ a: Tensor, gain: Tensor, bias: Tensor, offset: Scalar
    ) -> (output: Tensor, statistics: NormalizationStatistics<Vector>) {
        let tiles = RowTiles(rows: a.rows, columns: a.columns)
        let (means, squares) = (makeVector(a.rows * tiles.chunks), makeVector(a.rows * tiles.chunks))
        launch(
            .rows, "row_moments", blocks: tiles.blocks, threads: RowTiles.threads, a.address, Int64(a.rows),
            Int64(a.columns), Int32(tiles.width), Int32(tiles.chunks), means.address, squares.address)
        let statistics = NormalizationStatistics(means: makeVector(a.rows), inverseDeviations: makeVector(a.rows))
        let joining = RowTiles(joining: tiles.chunks, rows: a.rows)
        launch(
            .rows, "batch_statistics", blocks: joining.blocks, threads: RowTiles.threads, means.address, squares.address,
            Int64(a.rows), Int64(a.columns), Int32(joining.width), Int32(tiles.chunks), offset,
            statistics.means.address, statistics.inverseDeviations.address)
        return (batchNormalization(a, gain: gain, bias: bias, statistics: statistics), statistics)
    }

    public func batchNormalization(
        _ a: Tensor, gain: Tensor, bias: Tensor, statistics: NormalizationStatistics<Vector>
    ) -> Tensor {
        requireFeatures(gain, of: a)
        requireFeatures(bias, of: a)
        requireStatistics(statistics, count: a.rows)
        let result = makeTensor(rows: a.rows, columns: a.columns)
        launch(
            .rows, "batch_normalize", count: a.count, a.address, gain.address, bias.address, statistics.means.address,
            statistics.inverseDeviations.address, Int64(a.rows), result.address, Int64(a.count))
        return result
    }

    public func batchNormalizationGradient(
        _ outputGradient: Tensor, input: Tensor, gain: Tensor, statistics: NormalizationStatistics<Vector>
    ) -> (input: Tensor, gain: Tensor, bias: Tensor) {
        requireEqualShapes(outputGradient, input)
        requireFeatures(gain, of: input)
        requireStatistics(statistics, count: input.rows)
        let (rows, columns) = (Int64(input.rows), Int64(input.columns))
        let tiles = RowTiles(rows: input.rows, columns: input.columns)
        let parts = makeTensor(rows: 2 * input.rows, columns: tiles.chunks)
        launch(
            .rows, "batch_products", blocks: tiles.blocks, threads: RowTiles.threads, outputGradient.address,
            input.address, statistics.means.address, rows, columns, Int32(tiles.width), Int32(tiles.chunks), parts.address)
        let sums = pairSums(parts, factors: statistics.inverseDeviations)
        let gradient = makeTensor(rows: input.rows, columns: input.columns)
        launch(
            .rows, "batch_gradient", count: input.count, outputGradient.address, input.address, gain.address,
            statistics.means.address, statistics.inverseDeviations.address, sums.upper.address, sums.lower.address, rows,
            columns, gradient.address, Int64(input.count))
        return (gradient, sums.upper, sums.lower)
    }

    func requireStatistics(_ statistics: NormalizationStatistics<Vector>, count: Int) {
        precondition(
            statistics.means.count == count && statistics.inverseDeviations.count == count,
            "statistics of \(statistics.means.count) for \(count)")
    }
}
