import CKernels
import Compute

/// The attention of one head in float32 by the kernels of convolutions, which are products of small matrices: queries
/// are the pixels, in strips, and a strip of a causal head is multiplied with the keys that it sees alone.
struct DirectAttention {
    let kernels: fr_neural_kernels
    let shape: AttentionShape
    private let scratch: Scratch

    /// Queries a strip.
    private let strip = 32

    /// Memory for one head.
    private final class Scratch {
        let packed: UnsafeMutablePointer<Float>
        let copy: UnsafeMutablePointer<Float>
        let scores: UnsafeMutablePointer<Float>
        let sums: UnsafeMutablePointer<Float>

        init(length: Int, width: Int, lanes: Int, slack: Int) {
            packed = .allocate(capacity: max(length, width) * (max(length, width) + 2 * lanes))
            copy = .allocate(capacity: length * width)
            scores = .allocate(capacity: length * length + slack)
            scores.initialize(repeating: 0, count: length * length + slack)
            sums = .allocate(capacity: length * width)
        }

        deinit {
            for pointer in [packed, copy, scores, sums] { pointer.deallocate() }
        }
    }

    /// Nil where a head does not fill whole registers.
    init?(kernels: fr_neural_kernels, shape: AttentionShape) {
        guard shape.headWidth > 0, shape.headWidth % kernels.lanes == 0 else { return nil }
        self.kernels = kernels
        self.shape = shape
        scratch = Scratch(
            length: shape.length, width: shape.headWidth, lanes: kernels.lanes, slack: kernels.slack)
    }

    private var length: Int { shape.length }
    private var width: Int { shape.headWidth }
    private var projectionStep: Int { 3 * shape.width }
    private var scale: Float { 1 / Float(width).squareRoot() }

    /// - Parameter addBias: changes the scores of the head.
    func attend(
        _ x: UnsafePointer<Float>, _ mask: UnsafePointer<Float>?, _ at: HeadOffsets,
        _ probabilities: UnsafeMutablePointer<Float>, _ output: UnsafeMutablePointer<Float>,
        addBias: (UnsafeMutablePointer<Float>) -> Void
    ) {
        let weights = probabilities + at.probabilities
        kernels.pack_transposed(x + at.keys, length, projectionStep, width, scratch.packed)
        kernels.gather_columns(x + at.queries, projectionStep, width, length, scale, scratch.copy)
        multiplyStrips(scratch.copy, step: width, run: nil, outputs: length, into: weights, step: length)
        addBias(weights)
        for query in 0..<length {
            kernels.softmax(weights + query * length, shape.isCausal ? query + 1 : length, length)
        }
        kernels.pack(x + at.values, width, projectionStep, length, scratch.packed)
        let shown = masking(UnsafePointer(weights), mask, at, length, into: scratch.scores)
        multiplyStrips(shown, step: length, run: length, outputs: width, into: output + at.output, step: shape.width)
    }

    /// - Parameter takeSlopes: is given the gradient of the head's scores times a scale, and the scale.
    func attendGradient(
        _ x: UnsafePointer<Float>, _ probabilities: UnsafePointer<Float>, _ mask: UnsafePointer<Float>?,
        _ dy: UnsafePointer<Float>, _ at: HeadOffsets, _ gradient: UnsafeMutablePointer<Float>,
        takeSlopes: (UnsafePointer<Float>, _ scale: Float) -> Void
    ) {
        let weights = probabilities + at.probabilities
        let shown = masking(weights, mask, at, length, into: scratch.scores)
        multiplyTransposed(shown, dy + at.output, step: shape.width, into: gradient + at.values)
        kernels.pack_transposed(x + at.values, length, projectionStep, width, scratch.packed)
        kernels.gather_columns(dy + at.output, shape.width, width, length, 1, scratch.copy)
        multiplyStrips(scratch.copy, step: width, run: nil, outputs: length, into: scratch.scores, step: length)
        masking(UnsafePointer(scratch.scores), mask, at, length, into: scratch.scores)
        for query in 0..<length {
            let start = query * length
            kernels.softmax_gradient(
                scratch.scores + start, weights + start, shape.isCausal ? query + 1 : length, length, scale)
        }
        takeSlopes(UnsafePointer(scratch.scores), scale)
        kernels.pack(x + at.keys, width, projectionStep, length, scratch.packed)
        multiplyStrips(
            UnsafePointer(scratch.scores), step: length, run: length, outputs: width, into: gradient + at.queries,
            step: projectionStep)
        multiplyTransposed(scratch.scores, x + at.queries, step: projectionStep, into: gradient + at.keys)
    }

    /// One product: the packed weights times the columns of an image, strip by strip.
    ///
    /// A run that is given is over the keys; otherwise the outputs are. A causal strip ends with its last query in either.
    private func multiplyStrips(
        _ image: UnsafePointer<Float>, step: Int, run: Int?, outputs: Int, into target: UnsafeMutablePointer<Float>,
        step targetStep: Int
    ) {
        let depth = run ?? width
        let group = 2 * kernels.lanes
        for first in stride(from: 0, to: length, by: strip) {
            let end = min(first + strip, length)
            let seen = shape.isCausal ? end : length
            for output in stride(from: 0, to: run == nil ? min(seen, outputs) : outputs, by: group) {
                var pass = fr_convolution_pass(
                    rows: 1, columns: end - first, kernel_rows: 1, run: run == nil ? depth : seen, pixel_step: step,
                    row_step: 0, kernel_row_step: 0, outputs: min(group, outputs - output),
                    output_pixel_step: targetStep, output_row_step: 0)
                kernels.convolve(
                    image + first * step, scratch.packed + output * depth, &pass, target + first * targetStep + output)
            }
        }
    }

    /// The columns of `factor` times the transpose of a matrix of one column a query and one row a key.
    private func multiplyTransposed(
        _ weights: UnsafePointer<Float>, _ factor: UnsafePointer<Float>, step: Int,
        into target: UnsafeMutablePointer<Float>
    ) {
        scratch.sums.update(repeating: 0, count: length * width)
        // A causal key is seen from its own query on.
        let keys = shape.isCausal ? 2 * kernels.slack : length
        for first in stride(from: 0, to: length, by: keys) {
            let start = shape.isCausal ? first : 0
            var pass = fr_convolution_pass(
                rows: 1, columns: length - start, kernel_rows: 1, run: min(keys, length - first), pixel_step: length,
                row_step: 0, kernel_row_step: 0, outputs: width, output_pixel_step: step, output_row_step: 0)
            kernels.add_weight_gradient(
                weights + start * length + first, factor + start * step, &pass, scratch.sums + first * width)
        }
        for key in 0..<length {
            (target + key * projectionStep).update(from: scratch.sums + key * width, count: width)
        }
    }
}
