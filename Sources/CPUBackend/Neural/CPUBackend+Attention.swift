import CKernels
import Compute
import MatrixCore

/// Attention, one head of one sample after another: head h of sample s has its queries in rows h·headWidth… of columns
/// s·length…, its keys `width` rows below, its values another `width` below. The probabilities are length × (sample,
/// head, query), a column the weights that one query gives to the keys; columns of zeros behind them leave room for
/// kernels that read whole registers.
extension CPUBackend {
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func attention(
        _ projections: Matrix<Scalar>, _ shape: AttentionShape, mask: Matrix<Scalar>?, bias: AttentionBias<Matrix<Scalar>>?
    ) -> (output: Matrix<Scalar>, probabilities: Matrix<Scalar>) {
        requireShape(shape, projections: projections, mask: mask, bias: bias)
        let heads = shape.batch * shape.heads
        let spare = kernels.slack / max(shape.length, 1) + 1
        var probabilities = Matrix<Scalar>(rows: 0, columns: 0)
        let output = filled(rows: shape.width, columns: shape.batch * shape.length) { output in
            probabilities = filled(rows: shape.length, columns: heads * shape.length + spare) { weights in
                let used = heads * shape.length * shape.length
                (weights + used).initialize(repeating: 0, count: spare * shape.length)
                projections.withElements { x in
                    withPointers(mask, bias) { mask, bias in
                        inPieces(heads, atLeast: 1) { heads in
                            guard hasKernels, let direct = DirectAttention(kernels: kernels, shape: shape) else {
                                return attendByDefinition(x, mask, bias, shape, heads, weights, output)
                            }
                            for head in heads {
                                direct.attend(
                                    floats(x), mask.map(floats), HeadOffsets(shape, head), floats(weights), floats(output)
                                ) { scores in
                                    bias?.forEachTerm(head, shape) { kernels.combine(1, scores, 1, floats($0), $1, scores) }
                                }
                            }
                        }
                    }
                }
            }
        }
        return (output, probabilities)
    }

    /// Every piece sums the gradient of the bias over its heads; the sums are added in the order of the pieces.
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func attentionGradient(
        _ outputGradient: Matrix<Scalar>, projections: Matrix<Scalar>, probabilities: Matrix<Scalar>,
        _ shape: AttentionShape, mask: Matrix<Scalar>?, bias: AttentionBias<Matrix<Scalar>>?
    ) -> (projections: Matrix<Scalar>, bias: Matrix<Scalar>?) {
        requireShape(shape, projections: projections, mask: mask, bias: bias)
        let (count, area) = (shape.batch * shape.heads, shape.length * shape.length)
        let pieces = pieceCount(count, atLeast: 1)
        var sums = Matrix<Scalar>(rows: bias == nil ? 0 : shape.heads * area, columns: pieces)
        let gradient = filled(rows: projections.rows, columns: projections.columns) { gradient in
            changing(&sums) { sums in
                withPointers(projections, probabilities, outputGradient) { x, weights, dy in
                    withPointers(mask, nil) { mask, _ in
                        inPieces(pieces, atLeast: 1) { own in
                            for index in own {
                                let target = bias == nil ? nil : sums + index * shape.heads * area
                                attendGradient(
                                    x, weights, mask, dy, shape, piece(index, of: pieces, count), gradient, bias: target)
                            }
                        }
                    }
                }
            }
        }
        guard bias != nil else { return (gradient, nil) }
        return (gradient, reshaped(rowSums(sums), rows: shape.length, columns: shape.heads * shape.length))
    }

    /// - Parameter bias: to which the gradients of the scores of every head are added, nil where nobody wants them.
    @inline(__always)
    private func attendGradient(
        _ x: UnsafePointer<Scalar>, _ weights: UnsafePointer<Scalar>, _ mask: UnsafePointer<Scalar>?,
        _ dy: UnsafePointer<Scalar>, _ shape: AttentionShape, _ heads: Range<Int>,
        _ gradient: UnsafeMutablePointer<Scalar>, bias: UnsafeMutablePointer<Scalar>?
    ) {
        guard hasKernels, let direct = DirectAttention(kernels: kernels, shape: shape) else {
            return attendGradientByDefinition(x, weights, mask, dy, shape, heads, gradient, bias: bias)
        }
        let area = shape.length * shape.length
        for head in heads {
            direct.attendGradient(
                floats(x), floats(weights), mask.map(floats), floats(dy), HeadOffsets(shape, head), floats(gradient)
            ) { scores, scale in
                guard let target = bias.map({ floats($0 + head % shape.heads * area) }) else { return }
                kernels.combine(1, target, 1 / scale, scores, area, target)
            }
        }
    }

    private func requireShape(
        _ shape: AttentionShape, projections: Matrix<Scalar>, mask: Matrix<Scalar>?, bias: AttentionBias<Matrix<Scalar>>?
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

    @inline(__always)
    private func withPointers<Result>(
        _ mask: Matrix<Scalar>?, _ bias: AttentionBias<Matrix<Scalar>>?,
        _ body: (UnsafePointer<Scalar>?, BiasPointers<Scalar>?) -> Result
    ) -> Result {
        mask.withElements { mask in
            (bias?.heads).withElements { heads in
                (bias?.samples).withElements { samples in
                    let count = (bias?.samples?.columns ?? 0) / max(bias?.heads.rows ?? 1, 1)
                    return body(mask, heads.map { BiasPointers(heads: $0, samples: samples, sampleCount: count) })
                }
            }
        }
    }
}

/// What is added to the scores, by its place in memory.
struct BiasPointers<Scalar> {
    let heads: UnsafePointer<Scalar>
    let samples: UnsafePointer<Scalar>?
    let sampleCount: Int

    /// The one or two terms of a head of a sample, with the number of their entries.
    @inline(__always)
    func forEachTerm(_ index: Int, _ shape: AttentionShape, _ body: (UnsafePointer<Scalar>, Int) -> Void) {
        let (sample, head) = index.quotientAndRemainder(dividingBy: max(shape.heads, 1))
        let area = shape.length * shape.length
        body(heads + head * area, area)
        if let samples { body(samples + sample % sampleCount * area, area) }
    }
}

extension Optional {
    fileprivate func withElements<Scalar, Result>(_ body: (UnsafePointer<Scalar>?) -> Result) -> Result
    where Wrapped == Matrix<Scalar> {
        self.map { $0.withElements { body($0) } } ?? body(nil)
    }
}

/// Where the blocks of one head begin.
struct HeadOffsets {
    let queries: Int
    let keys: Int
    let values: Int
    let output: Int
    let probabilities: Int

    init(_ shape: AttentionShape, _ index: Int) {
        let (sample, head) = index.quotientAndRemainder(dividingBy: max(shape.heads, 1))
        queries = sample * shape.length * 3 * shape.width + head * shape.headWidth
        keys = queries + shape.width
        values = keys + shape.width
        output = sample * shape.length * shape.width + head * shape.headWidth
        probabilities = index * shape.length * shape.length
    }
}
