import Compute
import MatrixCore

extension CPUBackend {
    /// Of equal largest entries the first counts. Column sums and the mean are taken in double precision.
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func softmaxCrossEntropy(
        _ logits: Matrix<Scalar>, targets: [Int], smoothing: Double
    ) -> CrossEntropy<Matrix<Scalar>> {
        let (classes, count) = (logits.rows, logits.columns)
        precondition(targets.count == count, "\(targets.count) targets for \(count) columns")
        precondition(targets.allSatisfy { 0..<classes ~= $0 }, "targets of \(classes) classes")
        var losses = [Double](repeating: 0, count: count)
        var hits = [Bool](repeating: false, count: count)
        let gradient = filled(rows: classes, columns: count) { gradient in
            logits.withElements { x in
                losses.withUnsafeMutableBufferPointer { losses in
                    hits.withUnsafeMutableBufferPointer { hits in
                        inPieces(count, atLeast: columnGrain(rows: classes)) { columns in
                            for column in columns {
                                (losses[column], hits[column]) = crossEntropy(
                                    x + column * classes, classes, hasKernels ? neuralKernels : nil,
                                    target: targets[column], smoothing: smoothing, scale: 1 / Double(count),
                                    gradient + column * classes)
                            }
                        }
                    }
                }
            }
        }
        let total = losses.reduce(0, +)
        return CrossEntropy(
            loss: count == 0 ? 0 : total / Double(count), gradient: gradient,
            correct: hits.reduce(0) { $0 + ($1 ? 1 : 0) })
    }
}

/// The loss of one column, whether its first largest entry is the target, and the gradient times `scale`.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
private func crossEntropy<Scalar: MatrixScalar>(
    _ x: UnsafePointer<Scalar>, _ classes: Int, _ kernels: NeuralKernels?, target: Int, smoothing: Double, scale: Double,
    _ gradient: UnsafeMutablePointer<Scalar>
) -> (loss: Double, isHit: Bool) {
    let even = smoothing / Double(classes)
    let (top, sum, plain): (Scalar, Double, Double)
    if let kernels {
        var values: (sum: Float, plain: Float, largest: Float) = (0, 0, 0)
        kernels.functions.softmax_scaled(
            floats(x), classes, Float(scale), floats(gradient), &values.sum, &values.plain, &values.largest)
        (top, sum, plain) = (Scalar(values.largest), Double(values.sum), Double(values.plain))
    } else {
        (top, sum, plain) = scaledSoftmax(x, classes, scale: scale, gradient)
    }
    for index in 0..<classes { gradient[index] -= Scalar(even * scale) }
    gradient[target] -= Scalar((1 - smoothing) * scale)
    let loss = logarithm(sum) - (1 - smoothing) * (Double(x[target]) - Double(top)) - even * plain
    return (loss, (0..<target).allSatisfy { x[$0] != top } && x[target] == top)
}

/// softmax(x)·scale; the largest entry, Σ e^(x − largest) and Σ (x − largest).
@inline(__always)
private func scaledSoftmax<Scalar: MatrixScalar>(
    _ x: UnsafePointer<Scalar>, _ classes: Int, scale: Double, _ gradient: UnsafeMutablePointer<Scalar>
) -> (largest: Scalar, sum: Double, plain: Double) {
    var largest = x[0]
    for index in 1..<classes { largest = max(largest, x[index]) }
    var (sum, plain) = (0.0, 0.0)
    for index in 0..<classes {
        let value = exponential(Double(x[index] - largest))
        gradient[index] = Scalar(value)
        sum += value
        plain += Double(x[index] - largest)
    }
    for index in 0..<classes { gradient[index] = Scalar(Double(gradient[index]) / sum * scale) }
    return (largest, sum, plain)
}
