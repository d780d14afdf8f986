import Compute
import Foundation
import MatrixCore

/// The loss, its gradient and the hits. With logits below 4 every logarithm is below 8 + ln n; columns are added in double
/// precision, so the loss is off by a few units of one column. A probability is off relatively by n·u for the sum of exponentials
/// and a few u for its own, and what is subtracted from it by a few u.
func crossEntropyCases<Backend: NeuralBackend>() -> [ConformanceCase<Backend>] {
    [(1, 1), (2, 3), (10, 128), (65, 2048), (17, 33), (1001, 300), (50_304, 2), (3, 0)].flatMap { classes, count in
        [0, 0.1].map { smoothing in
            ConformanceCase("softmaxCrossEntropy, \(classes) × \(count), smoothing \(smoothing)") { judge in
                let logits = deviates(classes, count, seed: 37).mapped { (value: Backend.Scalar) in 4 * value }
                let targets = (0..<count).map { $0 * 11 % classes }
                var (loss, correct, gradient, bounds) = (0.0, 0, Matrix<Double>(logits), Matrix<Double>(logits))
                for column in 0..<count {
                    let weights = logits.column(column).map { exp(Double($0)) }
                    let total = weights.reduce(0, +)
                    for row in 0..<classes {
                        let share = smoothing / Double(classes) + (row == targets[column] ? 1 - smoothing : 0)
                        loss -= share * log(weights[row] / total) / Double(count)
                        gradient[row, column] = (weights[row] / total - share) / Double(count)
                        bounds[row, column] =
                            (Double(classes + 10) * weights[row] / total + 4 * share) * judge.unit / Double(count)
                    }
                    let largest = (0..<classes).max { logits[$0, column] < logits[$1, column] }
                    correct += largest == targets[column] ? 1 : 0
                }
                let found = judge.backend.softmaxCrossEntropy(
                    judge.backend.tensor(logits), targets: targets, smoothing: smoothing)
                judge.expect(
                    (found.loss - loss).magnitude, atMost: 12 * (Double(classes + 10) * judge.unit + Double(count) * 0x1p-53),
                    "loss \(found.loss)")
                judge.expect(found.correct == correct, "\(found.correct) hits instead of \(correct)")
                judge.expect(found.gradient, within: bounds, of: gradient, "gradient")
            }
        }
    }
}
