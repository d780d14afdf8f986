import Compute
import LinearAlgebra
import MatrixCore

// Attention as products of matrices with the softmax between them, in any scalar and for any width.

@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
func attendByDefinition<Scalar: LAPACKScalar>(
    _ x: UnsafePointer<Scalar>, _ mask: UnsafePointer<Scalar>?, _ bias: BiasPointers<Scalar>?, _ shape: AttentionShape,
    _ heads: Range<Int>, _ probabilities: UnsafeMutablePointer<Scalar>, _ output: UnsafeMutablePointer<Scalar>
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
        bias?.forEachTerm(head, shape) { term, count in
            for entry in 0..<count { weights[entry] += term[entry] }
        }
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
func attendGradientByDefinition<Scalar: LAPACKScalar>(
    _ x: UnsafePointer<Scalar>, _ probabilities: UnsafePointer<Scalar>, _ mask: UnsafePointer<Scalar>?,
    _ dy: UnsafePointer<Scalar>, _ shape: AttentionShape, _ heads: Range<Int>, _ gradient: UnsafeMutablePointer<Scalar>,
    bias: UnsafeMutablePointer<Scalar>?
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
        if let target = bias.map({ $0 + head % shape.heads * length * length }) {
            for entry in 0..<length * length { target[entry] += scores[entry] }
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
