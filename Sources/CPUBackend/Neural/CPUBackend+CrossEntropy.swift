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
        let gradient = Matrix<Scalar>(rows: classes, columns: count) { gradient in
            logits.withElements { x in
                losses.withUnsafeMutableBufferPointer { losses in
                    hits.withUnsafeMutableBufferPointer { hits in
                        inPieces(count, atLeast: columnGrain(rows: classes)) { columns in
                            for column in columns {
                                (losses[column], hits[column]) = crossEntropy(
                                    x + column * classes, classes, target: targets[column], smoothing: smoothing,
                                    scale: 1 / Double(count), gradient + column * classes)
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
    _ x: UnsafePointer<Scalar>, _ classes: Int, target: Int, smoothing: Double, scale: Double,
    _ gradient: UnsafeMutablePointer<Scalar>
) -> (loss: Double, isHit: Bool) {
    var largest = 0
    for index in 1..<classes where x[index] > x[largest] { largest = index }
    let top = Double(x[largest])
    var (sum, plain) = (0.0, 0.0)
    for index in 0..<classes {
        let shifted = Double(x[index]) - top
        sum += exponential(shifted)
        plain += shifted
    }
    let even = smoothing / Double(classes)
    for index in 0..<classes {
        let wanted = index == target ? 1 - smoothing + even : even
        gradient[index] = Scalar((exponential(Double(x[index]) - top) / sum - wanted) * scale)
    }
    let loss = logarithm(sum) - (1 - smoothing) * (Double(x[target]) - top) - even * plain
    return (loss, largest == target)
}
