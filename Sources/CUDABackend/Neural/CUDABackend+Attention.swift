import Compute

/// Attention as batched products over heads and samples, with the softmax between them. Scores are made for some queries at a
/// time, in scratch memory of a bounded size, and made anew for the gradient: what is kept is one number a query and
/// head, ln Σ e^score, length × (sample, head).
extension CUDABackend {
    public func attention(
        _ projections: Tensor, _ shape: AttentionShape, mask: Tensor?, bias: AttentionBias<Tensor>?
    ) -> (output: Tensor, probabilities: Tensor) {
        attention(projections, shape, mask: mask, bias: bias, AttentionPieces(shape))
    }

    public func attentionGradient(
        _ outputGradient: Tensor, projections: Tensor, probabilities: Tensor, _ shape: AttentionShape, mask: Tensor?,
        bias: AttentionBias<Tensor>?
    ) -> (projections: Tensor, bias: Tensor?) {
        attentionGradient(
            outputGradient, projections: projections, probabilities: probabilities, shape, mask: mask, bias: bias,
            AttentionPieces(shape))
    }

    func attention(
        _ projections: Tensor, _ shape: AttentionShape, mask: Tensor?, bias: AttentionBias<Tensor>?, _ pieces: AttentionPieces
    ) -> (output: Tensor, probabilities: Tensor) {
        requireShape(shape, projections: projections, mask: mask, bias: bias)
        let output = makeTensor(rows: shape.width, columns: projections.columns)
        let logarithms = makeTensor(rows: shape.length, columns: shape.batch * shape.heads)
        let scratch = allocate(pieces.largest, of: Scalar.self)
        let heads = HeadMatrices(projections, shape)
        for piece in pieces.all {
            let scores = HeadMatrix<Scalar>(scratch.address, piece)
            multiplyScores(heads, piece, into: scores)
            launch(
                .attention, "attention_weights", count: 32 * piece.pairCount * piece.queries.count, scores.address,
                maskAddress(mask, piece, shape), bias?.heads.address ?? 0, bias?.samples?.address ?? 0,
                Int64(shape.heads), sampleCount(bias, shape), Int64(piece.firstPair(shape)),
                address(logarithms, of: piece, shape), Int64(piece.keys), Int64(piece.queries.count),
                Int64(piece.queries.lowerBound), Int64(shape.length), Int32(shape.isCausal ? 1 : 0),
                Int64(piece.pairCount * piece.queries.count))
            multiply(
                piece, rows: shape.headWidth, columns: piece.queries.count, depth: piece.keys, heads.values(piece), scores,
                into: HeadMatrix(of: output, piece, shape, part: 0, column: piece.queries.lowerBound))
        }
        return (output, logarithms)
    }

    /// With P the probabilities: dV = dO·(P∘mask)ᵀ, dP = (Vᵀ·dO)∘mask, dS = P∘(dP − Σ P∘dP), dQ = K·dS/√d and dK = Q·dSᵀ/√d.
    ///
    /// The last queries come first: they see all keys, to whose gradients the others add.
    func attentionGradient(
        _ outputGradient: Tensor, projections: Tensor, probabilities: Tensor, _ shape: AttentionShape, mask: Tensor?,
        bias: AttentionBias<Tensor>?, _ pieces: AttentionPieces
    ) -> (projections: Tensor, bias: Tensor?) {
        requireShape(shape, projections: projections, mask: mask, bias: bias)
        let gradient = makeTensor(rows: projections.rows, columns: projections.columns)
        let biasGradient = bias.map { zeros(rows: shape.length, columns: $0.heads.columns) }
        let (scoreMemory, slopeMemory) = (allocate(pieces.largest, of: Scalar.self), allocate(pieces.largest, of: Scalar.self))
        let (heads, targets) = (HeadMatrices(projections, shape), HeadMatrices(gradient, shape))
        let scale = 1 / Scalar(shape.headWidth).squareRoot()
        for piece in pieces.all {
            let scores = HeadMatrix<Scalar>(scoreMemory.address, piece)
            let slopes = HeadMatrix<Scalar>(slopeMemory.address, piece)
            let outer = HeadMatrix(of: outputGradient, piece, shape, part: 0, column: piece.queries.lowerBound)
            let (width, queries, keys) = (shape.headWidth, piece.queries.count, piece.keys)
            multiplyScores(heads, piece, into: scores)
            multiply(
                piece, rows: keys, columns: queries, depth: width, heads.values(piece).transposed, outer, into: slopes)
            launch(
                .attention, "attention_slopes", count: 32 * piece.pairCount * queries, scores.address, slopes.address,
                maskAddress(mask, piece, shape), bias?.heads.address ?? 0, bias?.samples?.address ?? 0,
                Int64(shape.heads), sampleCount(bias, shape), Int64(piece.firstPair(shape)),
                address(probabilities, of: piece, shape), Int64(keys), Int64(queries), Int64(piece.queries.lowerBound),
                Int64(shape.length), Int32(shape.isCausal ? 1 : 0), Int64(piece.pairCount * queries))
            if let biasGradient { addSlopes(slopes, piece, shape, to: biasGradient) }
            let beta: Scalar = piece.queries.upperBound == shape.length ? 0 : 1
            multiply(
                piece, rows: width, columns: keys, depth: queries, outer, scores.transposed, beta: beta,
                into: targets.values(piece))
            multiply(
                piece, rows: width, columns: queries, depth: keys, alpha: scale, heads.keys(piece), slopes,
                into: targets.queries(piece))
            multiply(
                piece, rows: width, columns: keys, depth: queries, alpha: scale, heads.queries(piece), slopes.transposed,
                beta: beta, into: targets.keys(piece))
        }
        return (gradient, biasGradient)
    }

    private func addSlopes(
        _ slopes: HeadMatrix<Scalar>, _ piece: AttentionPiece, _ shape: AttentionShape, to gradient: Tensor
    ) {
        let count = piece.heads.count * piece.queries.count * piece.keys
        launch(
            .attention, "attention_bias_gradient", count: count, slopes.address, Int64(piece.samples.count),
            Int64(piece.heads.count), Int64(piece.heads.lowerBound), Int64(piece.keys), Int64(piece.queries.count),
            Int64(piece.queries.lowerBound), Int64(shape.length), gradient.address, Int64(count))
    }

    private func sampleCount(_ bias: AttentionBias<Tensor>?, _ shape: AttentionShape) -> Int64 {
        Int64((bias?.samples?.columns ?? 0) / max(shape.length, 1))
    }

    /// Kᵀ·Q/√d.
    private func multiplyScores(_ heads: HeadMatrices<Scalar>, _ piece: AttentionPiece, into scores: HeadMatrix<Scalar>) {
        let width = heads.shape.headWidth
        multiply(
            piece, rows: piece.keys, columns: piece.queries.count, depth: width, alpha: 1 / Scalar(width).squareRoot(),
            heads.keys(piece).transposed, heads.queries(piece), into: scores)
    }

    /// A product for every sample and head of a piece: a batch over the more numerous of the two for each of the other.
    private func multiply(
        _ piece: AttentionPiece, rows: Int, columns: Int, depth: Int, alpha: Scalar = 1, _ a: HeadMatrix<Scalar>,
        _ b: HeadMatrix<Scalar>, beta: Scalar = 0, into c: HeadMatrix<Scalar>
    ) {
        let (samples, heads) = (piece.samples.count, piece.heads.count)
        let batchesSamples = samples >= heads
        for index in 0..<min(samples, heads) {
            multiply(
                rows: rows, columns: columns, depth: depth, batch: max(samples, heads), alpha: alpha,
                a.batch(index, ofSamples: batchesSamples), b.batch(index, ofSamples: batchesSamples), beta: beta,
                into: c.batch(index, ofSamples: batchesSamples))
        }
    }

    private func maskAddress(_ mask: Tensor?, _ piece: AttentionPiece, _ shape: AttentionShape) -> Driver.Address {
        mask.map { $0.address + offset(piece.firstPair(shape) * shape.length * shape.length) } ?? 0
    }

    private func address(_ logarithms: Tensor, of piece: AttentionPiece, _ shape: AttentionShape) -> Driver.Address {
        logarithms.address + offset(piece.firstPair(shape) * shape.length)
    }

    private func offset(_ entries: Int) -> Driver.Address { Driver.Address(entries * MemoryLayout<Scalar>.stride) }

    private func requireShape(
        _ shape: AttentionShape, projections: Tensor, mask: Tensor?, bias: AttentionBias<Tensor>?
    ) {
        precondition(
            projections.rows == 3 * shape.width && projections.columns == shape.batch * shape.length,
            "projections of \(projections.rows) × \(projections.columns) for \(shape)")
        precondition(
            mask.map { $0.rows == shape.length && $0.columns == shape.batch * shape.heads * shape.length } ?? true,
            "a mask of another shape for \(shape)")
        guard let bias else { return }
        precondition(
            bias.heads.rows == shape.length && bias.heads.columns == shape.heads * shape.length
                && bias.samples.map { $0.rows == shape.length && $0.columns > 0 && $0.columns % shape.length == 0 } ?? true,
            "a bias of another shape for \(shape)")
    }
}

/// One matrix for every sample and head of a piece, by its place in memory.
private struct HeadMatrix<Scalar: CUDAScalar> {
    /// Of the first sample's and head's.
    let address: Driver.Address
    let leadingDimension: Int
    let (sampleStep, headStep): (Int, Int)
    private(set) var isTransposed = false

    /// Scores: keys × queries of one head after another.
    init(_ address: Driver.Address, _ piece: AttentionPiece) {
        self.address = address
        leadingDimension = piece.keys
        headStep = piece.keys * piece.queries.count
        sampleStep = piece.heads.count * headStep
    }

    /// Features × positions of a tensor of samples side by side, each with its heads one above another.
    ///
    /// - Parameters:
    ///   - part: how many times `width` rows lie above.
    ///   - column: the first position.
    init(of tensor: CUDATensor<Scalar>, _ piece: AttentionPiece, _ shape: AttentionShape, part: Int, column: Int) {
        leadingDimension = tensor.rows
        headStep = shape.headWidth
        sampleStep = shape.length * leadingDimension
        let row = part * shape.width + piece.heads.lowerBound * shape.headWidth
        let entry = piece.samples.lowerBound * sampleStep + column * leadingDimension + row
        address = tensor.address + Driver.Address(entry * MemoryLayout<Scalar>.stride)
    }

    var transposed: HeadMatrix {
        var result = self
        result.isTransposed.toggle()
        return result
    }

    /// All samples of a head, or all heads of a sample.
    func batch(_ index: Int, ofSamples: Bool) -> ProductLibrary.Factor {
        let step = ofSamples ? headStep : sampleStep
        return ProductLibrary.Factor(
            address + Driver.Address(index * step * MemoryLayout<Scalar>.stride), leadingDimension: leadingDimension,
            transposed: isTransposed, stride: ofSamples ? sampleStep : headStep)
    }
}

/// Queries, keys and values of a tensor of projections, or their gradients.
private struct HeadMatrices<Scalar: CUDAScalar> {
    let shape: AttentionShape
    private let tensor: CUDATensor<Scalar>

    init(_ tensor: CUDATensor<Scalar>, _ shape: AttentionShape) {
        self.tensor = tensor
        self.shape = shape
    }

    func queries(_ piece: AttentionPiece) -> HeadMatrix<Scalar> {
        HeadMatrix(of: tensor, piece, shape, part: 0, column: piece.queries.lowerBound)
    }

    func keys(_ piece: AttentionPiece) -> HeadMatrix<Scalar> { HeadMatrix(of: tensor, piece, shape, part: 1, column: 0) }
    func values(_ piece: AttentionPiece) -> HeadMatrix<Scalar> { HeadMatrix(of: tensor, piece, shape, part: 2, column: 0) }
}
