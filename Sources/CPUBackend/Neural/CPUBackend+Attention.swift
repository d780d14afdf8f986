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
        _ projections: Matrix<Scalar>, _ shape: AttentionShape
    ) -> (output: Matrix<Scalar>, probabilities: Matrix<Scalar>) {
        requireShape(shape, projections: projections)
        let heads = shape.batch * shape.heads
        let spare = kernels.slack / max(shape.length, 1) + 1
        var probabilities = Matrix<Scalar>(rows: 0, columns: 0)
        let output = Matrix<Scalar>(rows: shape.width, columns: shape.batch * shape.length) { output in
            probabilities = Matrix(rows: shape.length, columns: heads * shape.length + spare) { weights in
                let used = heads * shape.length * shape.length
                (weights + used).initialize(repeating: 0, count: spare * shape.length)
                projections.withElements { x in
                    inPieces(heads, atLeast: 1) { heads in
                        let direct = hasKernels ? DirectAttention(kernels: kernels, shape: shape) : nil
                        for head in heads {
                            let at = HeadOffsets(shape, head)
                            if let direct {
                                direct.attend(floats(x), at, floats(weights), floats(output))
                            } else {
                                attend(x, shape, at, weights, output)
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
        _ shape: AttentionShape
    ) -> Matrix<Scalar> {
        requireShape(shape, projections: projections)
        return Matrix(rows: projections.rows, columns: projections.columns) { gradient in
            withPointers(projections, probabilities, outputGradient) { x, weights, dy in
                inPieces(shape.batch * shape.heads, atLeast: 1) { heads in
                    guard hasKernels, let direct = DirectAttention(kernels: kernels, shape: shape) else {
                        return attendGradient(x, weights, dy, shape, heads, gradient)
                    }
                    for head in heads {
                        direct.attendGradient(
                            floats(x), floats(weights), floats(dy), HeadOffsets(shape, head), floats(gradient))
                    }
                }
            }
        }
    }

    private func requireShape(_ shape: AttentionShape, projections: Matrix<Scalar>) {
        precondition(
            projections.rows == 3 * shape.width && projections.columns == shape.batch * shape.length,
            "projections of \(projections.rows) × \(projections.columns) for \(shape)")
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
    _ x: UnsafePointer<Scalar>, _ shape: AttentionShape, _ at: HeadOffsets,
    _ probabilities: UnsafeMutablePointer<Scalar>, _ output: UnsafeMutablePointer<Scalar>
) {
    let (length, width) = (shape.length, shape.headWidth)
    func block(_ offset: Int) -> MatrixView<Scalar> {
        MatrixView(x + offset, rows: width, columns: length, leading: 3 * shape.width)
    }
    let weights = probabilities + at.probabilities
    accumulate(
        into: MutableMatrixView(weights, rows: length, columns: length, leading: length), block(at.keys),
        transposed: true, block(at.queries), alpha: 1 / Scalar(width).squareRoot(), beta: 0)
    for query in 0..<length {
        softmax(weights + query * length, seen: shape.isCausal ? query + 1 : length, length: length)
    }
    accumulate(
        into: MutableMatrixView(output + at.output, rows: width, columns: length, leading: shape.width),
        block(at.values), MatrixView(weights, rows: length, columns: length, leading: length), alpha: 1, beta: 0)
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
    _ x: UnsafePointer<Scalar>, _ probabilities: UnsafePointer<Scalar>, _ dy: UnsafePointer<Scalar>,
    _ shape: AttentionShape, _ heads: Range<Int>, _ gradient: UnsafeMutablePointer<Scalar>
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
        accumulate(
            into: target(at.values), outputGradient, transposed: false,
            MatrixView(weights, rows: length, columns: length, leading: length), transposed: true, alpha: 1, beta: 0)
        accumulate(
            into: MutableMatrixView(scores, rows: length, columns: length, leading: length), block(at.values),
            transposed: true, outputGradient, alpha: 1, beta: 0)
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
