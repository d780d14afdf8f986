import CKernels
import Compute
import LinearAlgebra
import MatrixCore

/// Attention, one head of one sample after another: head h of sample s has its queries in rows h·headWidth… of columns
/// s·length…, its keys `width` rows below, its values another `width` below. The probabilities are length × (sample,
/// head, query), a column the weights that one query gives to the keys; columns of zeros behind them leave room for
/// kernels that read whole registers.
extension CPUBackend {
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func attention(
        _ projections: Matrix<Scalar>, _ shape: AttentionShape, mask: Matrix<Scalar>?
    ) -> (output: Matrix<Scalar>, probabilities: Matrix<Scalar>) {
        requireShape(shape, projections: projections, mask: mask)
        let heads = shape.batch * shape.heads
        let spare = kernels.slack / max(shape.length, 1) + 1
        var probabilities = Matrix<Scalar>(rows: 0, columns: 0)
        let output = filled(rows: shape.width, columns: shape.batch * shape.length) { output in
            probabilities = filled(rows: shape.length, columns: heads * shape.length + spare) { weights in
                let used = heads * shape.length * shape.length
                (weights + used).initialize(repeating: 0, count: spare * shape.length)
                projections.withElements { x in
                    mask.withElements { mask in
                        inPieces(heads, atLeast: 1) { heads in
                            guard hasKernels, let direct = DirectAttention(kernels: kernels, shape: shape) else {
                                return attend(x, mask, shape, heads, weights, output)
                            }
                            for head in heads {
                                direct.attend(
                                    floats(x), mask.map(floats), HeadOffsets(shape, head), floats(weights), floats(output))
                            }
                        }
                    }
                }
            }
        }
        return (output, probabilities)
    }

    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func attentionGradient(
        _ outputGradient: Matrix<Scalar>, projections: Matrix<Scalar>, probabilities: Matrix<Scalar>,
        _ shape: AttentionShape, mask: Matrix<Scalar>?
    ) -> Matrix<Scalar> {
        requireShape(shape, projections: projections, mask: mask)
        return filled(rows: projections.rows, columns: projections.columns) { gradient in
            withPointers(projections, probabilities, outputGradient) { x, weights, dy in
                mask.withElements { mask in
                    inPieces(shape.batch * shape.heads, atLeast: 1) { heads in
                        guard hasKernels, let direct = DirectAttention(kernels: kernels, shape: shape) else {
                            return attendGradient(x, weights, mask, dy, shape, heads, gradient)
                        }
                        for head in heads {
                            direct.attendGradient(
                                floats(x), floats(weights), mask.map(floats), floats(dy), HeadOffsets(shape, head),
                                floats(gradient))
                        }
                    }
                }
            }
        }
    }

    private func requireShape(_ shape: AttentionShape, projections: Matrix<Scalar>, mask: Matrix<Scalar>?) {
        precondition(
            projections.rows == 3 * shape.width && projections.columns == shape.batch * shape.length,
            "projections of \(projections.rows) × \(projections.columns) for \(shape)")
        precondition(
            mask.map { $0.rows == shape.length && $0.columns == shape.batch * shape.heads * shape.length } ?? true,
            "a mask of another shape for \(shape)")
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

@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
private func attend<Scalar: LAPACKScalar>(
    _ x: UnsafePointer<Scalar>, _ mask: UnsafePointer<Scalar>?, _ shape: AttentionShape, _ heads: Range<Int>,
    _ probabilities: UnsafeMutablePointer<Scalar>, _ output: UnsafeMutablePointer<Scalar>
) {
    let (length, width) = (shape.length, shape.headWidth)
    let masked = UnsafeMutablePointer<Scalar>.allocate(capacity: mask == nil ? 0 : length * length)
    defer { masked.deallocate() }
    func block(_ offset: Int) -> MatrixView<Scalar> {
        MatrixView(x + offset, rows: width, columns: length, leading: 3 * shape.width)
    }
    for head in heads {
        let at = HeadOffsets(shape, head)
        let weights = probabilities + at.probabilities
        accumulate(
            into: MutableMatrixView(weights, rows: length, columns: length, leading: length), block(at.keys),
            transposed: true, block(at.queries), alpha: 1 / Scalar(width).squareRoot(), beta: 0)
        for query in 0..<length {
            softmax(weights + query * length, seen: shape.isCausal ? query + 1 : length, length: length)
        }
        let shown = masking(UnsafePointer(weights), mask, at, length, into: masked)
        accumulate(
            into: MutableMatrixView(output + at.output, rows: width, columns: length, leading: shape.width),
            block(at.values), MatrixView(shown, rows: length, columns: length, leading: length), alpha: 1, beta: 0)
    }
}

/// The probabilities of a head times their mask, in the memory given for them; themselves where there is no mask.
@inline(__always)
@discardableResult
func masking<Scalar: MatrixScalar>(
    _ weights: UnsafePointer<Scalar>, _ mask: UnsafePointer<Scalar>?, _ at: HeadOffsets, _ length: Int,
    into masked: UnsafeMutablePointer<Scalar>
) -> UnsafePointer<Scalar> {
    guard let mask else { return weights }
    let factors = mask + at.probabilities
    for entry in 0..<length * length { masked[entry] = weights[entry] * factors[entry] }
    return UnsafePointer(masked)
}

/// The first `seen` entries by their softmax, the rest by zero.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
private func softmax<Scalar: LAPACKScalar>(_ x: UnsafeMutablePointer<Scalar>, seen: Int, length: Int) {
    var largest = x[0]
    for index in 1..<seen { largest = max(largest, x[index]) }
    var sum: Scalar = 0
    for index in 0..<seen {
        x[index] = exponential(x[index] - largest)
        sum += x[index]
    }
    for index in 0..<seen { x[index] /= sum }
    for index in seen..<length { x[index] = 0 }
}

@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
private func attendGradient<Scalar: LAPACKScalar>(
    _ x: UnsafePointer<Scalar>, _ probabilities: UnsafePointer<Scalar>, _ mask: UnsafePointer<Scalar>?,
    _ dy: UnsafePointer<Scalar>, _ shape: AttentionShape, _ heads: Range<Int>, _ gradient: UnsafeMutablePointer<Scalar>
) {
    let (length, width) = (shape.length, shape.headWidth)
    let scores = UnsafeMutablePointer<Scalar>.allocate(capacity: length * length)
    defer { scores.deallocate() }
    let scale = 1 / Scalar(width).squareRoot()
    func block(_ offset: Int) -> MatrixView<Scalar> {
        MatrixView(x + offset, rows: width, columns: length, leading: 3 * shape.width)
    }
    func target(_ offset: Int) -> MutableMatrixView<Scalar> {
        MutableMatrixView(gradient + offset, rows: width, columns: length, leading: 3 * shape.width)
    }
    let scoreView = MatrixView(scores, rows: length, columns: length, leading: length)
    for head in heads {
        let at = HeadOffsets(shape, head)
        let weights = probabilities + at.probabilities
        let outputGradient = MatrixView(dy + at.output, rows: width, columns: length, leading: shape.width)
        let shown = masking(weights, mask, at, length, into: scores)
        accumulate(
            into: target(at.values), outputGradient, transposed: false,
            MatrixView(shown, rows: length, columns: length, leading: length), transposed: true, alpha: 1, beta: 0)
        accumulate(
            into: MutableMatrixView(scores, rows: length, columns: length, leading: length), block(at.values),
            transposed: true, outputGradient, alpha: 1, beta: 0)
        masking(UnsafePointer(scores), mask, at, length, into: scores)
        for query in 0..<length {
            softmaxGradient(scores + query * length, output: weights + query * length, length: length)
        }
        accumulate(into: target(at.queries), block(at.keys), scoreView, alpha: scale, beta: 0)
        accumulate(
            into: target(at.keys), block(at.queries), transposed: false, scoreView, transposed: true, alpha: scale, beta: 0)
    }
}

/// dS = P∘(dP − Σ P∘dP), in the place of dP.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
private func softmaxGradient<Scalar: LAPACKScalar>(
    _ dp: UnsafeMutablePointer<Scalar>, output p: UnsafePointer<Scalar>, length: Int
) {
    var sum: Scalar = 0
    for index in 0..<length { sum += p[index] * dp[index] }
    for index in 0..<length { dp[index] = p[index] * (dp[index] - sum) }
}
