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
        let scratch = scratch(pieces)
        let factor = headFactor(projections)
        let heads = HeadMatrices(factor, shape)
        for piece in pieces.all {
            let scores = HeadMatrix<Scalar>(scratch.exact, piece)
            let weights = HeadMatrix<Scalar>(scratch.factors, piece)
            multiplyScores(heads, piece, into: scores)
            launch(
                .attention, roundsFactors ? "attention_rounded_weights" : "attention_weights",
                count: 32 * piece.pairCount * piece.queries.count, kernelQueries(piece, shape, mask: mask, bias: bias),
                scores.address, weights.address, address(logarithms, of: piece, shape))
            multiply(
                piece, rows: shape.headWidth, columns: piece.queries.count, depth: piece.keys, heads.values(piece), weights,
                into: HeadMatrix(of: HeadFactor(output), piece, shape, part: 0, column: piece.queries.lowerBound))
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
        let (scoreScratch, slopeScratch) = (scratch(pieces), scratch(pieces))
        let (factor, outerFactor) = (headFactor(projections), headFactor(outputGradient))
        let (heads, targets) = (HeadMatrices(factor, shape), HeadMatrices(HeadFactor(gradient), shape))
        let scale = 1 / Scalar(shape.headWidth).squareRoot()
        for piece in pieces.all {
            let scores = HeadMatrix<Scalar>(scoreScratch.exact, piece)
            let weights = HeadMatrix<Scalar>(scoreScratch.factors, piece)
            let exactSlopes = HeadMatrix<Scalar>(slopeScratch.exact, piece)
            let slopes = HeadMatrix<Scalar>(slopeScratch.factors, piece)
            let outer = HeadMatrix(of: outerFactor, piece, shape, part: 0, column: piece.queries.lowerBound)
            let (width, queries, keys) = (shape.headWidth, piece.queries.count, piece.keys)
            multiplyScores(heads, piece, into: scores)
            multiply(
                piece, rows: keys, columns: queries, depth: width, heads.values(piece).transposed, outer, into: exactSlopes)
            launch(
                .attention, roundsFactors ? "attention_rounded_slopes" : "attention_slopes",
                count: 32 * piece.pairCount * queries, kernelQueries(piece, shape, mask: mask, bias: bias), scores.address,
                exactSlopes.address, weights.address, slopes.address, address(probabilities, of: piece, shape),
                Int32(roundsFactors && bias != nil ? 1 : 0))
            if let biasGradient { addSlopes(exactSlopes, piece, shape, to: biasGradient) }
            let beta: Scalar = piece.queries.upperBound == shape.length ? 0 : 1
            multiply(
                piece, rows: width, columns: keys, depth: queries, outer, weights.transposed, beta: beta,
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

    /// Room for the scores of a piece, and for the weights that are made of them: the same where they are not rounded.
    private func scratch(_ pieces: AttentionPieces) -> Scratch<Scalar> {
        let exact = HeadFactor<Scalar>(allocate(pieces.largest, of: Scalar.self), rows: 0, isRounded: false)
        if !roundsFactors { return Scratch(exact: exact, factors: exact) }
        return Scratch(
            exact: exact, factors: HeadFactor(allocate(pieces.largest, of: UInt16.self), rows: 0, isRounded: true))
    }

    /// A tensor as products read it: rounded once for all that it takes part in.
    private func headFactor(_ tensor: Tensor) -> HeadFactor<Scalar> {
        if !roundsFactors { return HeadFactor(tensor) }
        let copy = roundedCopy(
            of: tensor.address, rows: tensor.rows, columns: tensor.columns, leadingDimension: tensor.rows)
        return HeadFactor(copy, rows: tensor.rows, isRounded: true)
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

    private func kernelQueries(
        _ piece: AttentionPiece, _ shape: AttentionShape, mask: Tensor?, bias: AttentionBias<Tensor>?
    ) -> KernelQueries {
        KernelQueries(
            mask: mask.map { $0.address + offset(piece.firstPair(shape) * shape.length * shape.length) } ?? 0,
            heads: bias?.heads.address ?? 0, samples: bias?.samples?.address ?? 0, headCount: Int64(shape.heads),
            sampleCount: Int64((bias?.samples?.columns ?? 0) / max(shape.length, 1)),
            firstPair: Int64(piece.firstPair(shape)), keys: Int64(piece.keys), queries: Int64(piece.queries.count),
            firstQuery: Int64(piece.queries.lowerBound), length: Int64(shape.length),
            count: Int64(piece.pairCount * piece.queries.count), isCausal: shape.isCausal ? 1 : 0)
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

/// The parameter `Queries` of the kernels, field by field.
private struct KernelQueries: BitwiseCopyable {
    let mask, heads, samples: Driver.Address
    let headCount, sampleCount, firstPair, keys, queries, firstQuery, length, count: Int64
    let isCausal: Int32
}

/// Entries in the device's memory, of the scalar or of bfloat16.
private struct HeadFactor<Scalar: CUDAScalar> {
    let memory: DeviceMemory
    let rows: Int
    let isRounded: Bool

    init(_ memory: DeviceMemory, rows: Int, isRounded: Bool) {
        self.memory = memory
        self.rows = rows
        self.isRounded = isRounded
    }

    init(_ tensor: CUDATensor<Scalar>) { self.init(tensor.memory, rows: tensor.rows, isRounded: false) }

    func address(ofEntry entry: Int) -> Driver.Address {
        memory.address + Driver.Address(entry * (isRounded ? MemoryLayout<UInt16>.stride : MemoryLayout<Scalar>.stride))
    }
}

private struct Scratch<Scalar: CUDAScalar> {
    let exact: HeadFactor<Scalar>
    let factors: HeadFactor<Scalar>
}

/// One matrix for every sample and head of a piece, by its place in memory.
private struct HeadMatrix<Scalar: CUDAScalar> {
    private let factor: HeadFactor<Scalar>
    /// Of the first sample's and head's.
    private let entry: Int
    private let leadingDimension: Int
    private let (sampleStep, headStep): (Int, Int)
    private var isTransposed = false

    /// Scores: keys × queries of one head after another.
    init(_ factor: HeadFactor<Scalar>, _ piece: AttentionPiece) {
        self.factor = factor
        entry = 0
        leadingDimension = piece.keys
        headStep = piece.keys * piece.queries.count
        sampleStep = piece.heads.count * headStep
    }

    /// Features × positions of a tensor of samples side by side, each with its heads one above another.
    ///
    /// - Parameters:
    ///   - part: how many times `width` rows lie above.
    ///   - column: the first position.
    init(of factor: HeadFactor<Scalar>, _ piece: AttentionPiece, _ shape: AttentionShape, part: Int, column: Int) {
        self.factor = factor
        leadingDimension = factor.rows
        headStep = shape.headWidth
        sampleStep = shape.length * leadingDimension
        let row = part * shape.width + piece.heads.lowerBound * shape.headWidth
        entry = piece.samples.lowerBound * sampleStep + column * leadingDimension + row
    }

    var address: Driver.Address { factor.address(ofEntry: entry) }

    var transposed: HeadMatrix {
        var result = self
        result.isTransposed.toggle()
        return result
    }

    /// All samples of a head, or all heads of a sample.
    func batch(_ index: Int, ofSamples: Bool) -> ProductLibrary.Factor {
        let step = ofSamples ? headStep : sampleStep
        return ProductLibrary.Factor(
            factor.address(ofEntry: entry + index * step), leadingDimension: leadingDimension, transposed: isTransposed,
            stride: ofSamples ? sampleStep : headStep, isRounded: factor.isRounded)
    }
}

/// Queries, keys and values of a tensor of projections, or their gradients.
private struct HeadMatrices<Scalar: CUDAScalar> {
    let shape: AttentionShape
    private let factor: HeadFactor<Scalar>

    init(_ factor: HeadFactor<Scalar>, _ shape: AttentionShape) {
        self.factor = factor
        self.shape = shape
    }

    func queries(_ piece: AttentionPiece) -> HeadMatrix<Scalar> {
        HeadMatrix(of: factor, piece, shape, part: 0, column: piece.queries.lowerBound)
    }

    func keys(_ piece: AttentionPiece) -> HeadMatrix<Scalar> { HeadMatrix(of: factor, piece, shape, part: 1, column: 0) }
    func values(_ piece: AttentionPiece) -> HeadMatrix<Scalar> { HeadMatrix(of: factor, piece, shape, part: 2, column: 0) }
}
