import Compute

/// Layer normalization, and that by the root mean square: every column by itself.
extension CUDABackend {
    public func layerNormalization(
        _ a: Tensor, gain: Tensor, bias: Tensor, offset: Scalar
    ) -> (output: Tensor, statistics: NormalizationStatistics<Vector>) {
        requireFeatures(gain, of: a)
        requireFeatures(bias, of: a)
        let output = makeTensor(rows: a.rows, columns: a.columns)
        let statistics = NormalizationStatistics(means: makeVector(a.columns), inverseDeviations: makeVector(a.columns))
        launch(
            .layerNormalization, "layer_normalize", count: 32 * a.columns, a.address, gain.address, bias.address, offset,
            Int64(a.rows), Int64(a.columns), output.address, statistics.means.address,
            statistics.inverseDeviations.address)
        return (output, statistics)
    }

    public func layerNormalizationGradient(
        _ outputGradient: Tensor, input: Tensor, gain: Tensor, statistics: NormalizationStatistics<Vector>
    ) -> (input: Tensor, gain: Tensor, bias: Tensor) {
        requireEqualShapes(outputGradient, input)
        requireFeatures(gain, of: input)
        requireStatistics(statistics, count: input.columns)
        // Chunks of columns, a block each and eight columns at a time: by the shape alone, as their sums are added in order.
        let chunks = min(input.columns.groups(of: 8), 512)
        let gradient = makeTensor(rows: input.rows, columns: input.columns)
        let parts = makeTensor(rows: 2 * input.rows, columns: chunks)
        launch(
            .layerNormalization, "layer_gradient", blocks: chunks, threads: 256, outputGradient.address, input.address,
            gain.address, statistics.means.address, statistics.inverseDeviations.address, Int64(input.rows),
            Int64(input.columns), gradient.address, parts.address)
        let sums = pairSums(parts, factors: nil)
        return (gradient, sums.upper, sums.lower)
    }

    public func rootMeanSquareNormalization(
        _ a: Tensor, gain: Tensor, offset: Scalar
    ) -> (output: Tensor, inverses: Vector) {
        requireFeatures(gain, of: a)
        let (output, inverses) = (makeTensor(rows: a.rows, columns: a.columns), makeVector(a.columns))
        launch(
            .layerNormalization, "rms_normalize", count: 32 * a.columns, a.address, gain.address, offset, Int64(a.rows),
            Int64(a.columns), output.address, inverses.address)
        return (output, inverses)
    }

    public func rootMeanSquareNormalizationGradient(
        _ outputGradient: Tensor, input: Tensor, gain: Tensor, inverses: Vector
    ) -> (input: Tensor, gain: Tensor) {
        requireEqualShapes(outputGradient, input)
        requireFeatures(gain, of: input)
        precondition(inverses.count == input.columns, "\(inverses.count) inverses for \(input.columns) columns")
        let chunks = min(input.columns.groups(of: 8), 512)
        let gradient = makeTensor(rows: input.rows, columns: input.columns)
        let parts = makeTensor(rows: input.rows, columns: chunks)
        launch(
            .layerNormalization, "rms_gradient", blocks: chunks, threads: 256, outputGradient.address, input.address,
            gain.address, inverses.address, Int64(input.rows), Int64(input.columns), gradient.address, parts.address)
        return (gradient, rowSums(parts))
    }
}
