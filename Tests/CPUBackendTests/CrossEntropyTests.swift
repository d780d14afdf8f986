import CPUBackend
import Compute
import MatrixCore
import TestSupport
import Testing

import func Foundation.exp
import func Foundation.log

private func directLoss(_ logits: Matrix<Double>, _ targets: [Int], smoothing: Double) -> Double {
    var loss = 0.0
    for column in 0..<logits.columns {
        let weights = (0..<logits.rows).map { exp(logits[$0, column]) }
        let total = weights.reduce(0, +)
        for row in 0..<logits.rows {
            let even = smoothing / Double(logits.rows)
            loss -= (row == targets[column] ? 1 - smoothing + even : even) * log(weights[row] / total)
        }
    }
    return loss / Double(logits.columns)
}

private func sample(_ classes: Int, _ count: Int) -> (logits: Matrix<Float>, targets: [Int]) {
    var generator = PhiloxGenerator(seed: 5)
    let logits = Matrix<Float>.random(rows: classes, columns: count, seed: 1).mapped { 4 * $0 }
    return (logits, (0..<count).map { _ in Int(generator.next() % UInt64(classes)) })
}

@Suite struct CrossEntropyTests {
    @Test func gradientIsTheDifference() {
        let (logits, targets) = sample(5, 3)
        let x = Matrix<Double>(logits)
        let step = 0x1p-17
        CPUBackend<Double>().softmaxCrossEntropy(x, targets: targets, smoothing: 0.2).gradient.expectWithin(
            step * step + 100 * unitOfDouble / step,
            of: centralDifferences(at: x, step: step) { directLoss($0, targets, smoothing: 0.2) }, "gradient")
    }

    /// With logits 0 and x ≤ 0 the second entry of the gradient is e^x/(1 + e^x). The exponential is off by at most 4·u
    /// relatively, as its kernel states; sum, quotient and product add less than 4·u.
    @Test(arguments: setups) func exponentialsKeepTheirRelativeError(setup: Setup) {
        let count = 86_000
        var logits = Matrix<Float>(rows: 2, columns: count)
        for column in 0..<count { logits[1, column] = -Float(column) / 1000 }
        let gradient = setup.single.softmaxCrossEntropy(logits, targets: Array(repeating: 0, count: count), smoothing: 0)
            .gradient
        var worst = 0.0
        for column in 0..<count {
            let power = exp(Double(logits[1, column]))
            let expected = power / (1 + power) / Double(count)
            // Below the normal numbers the unit is an absolute one.
            let bound = max(8 * unitOfFloat * expected, 0x1p-149)
            worst = max(worst, (Double(gradient[1, column]) - expected).magnitude / bound)
        }
        expectBound(worst, atMost: 1, "error over bound")
    }

    @Test func largeLogitsDoNotOverflow() {
        let logits = Matrix<Float>(rows: 2, columns: 2, elements: [1e30, 0, 3e4, -3e4])
        let result = CPUBackend<Float>().softmaxCrossEntropy(logits, targets: [0, 1], smoothing: 0)
        #expect(result.loss == 3e4 && result.correct == 1)
        #expect(result.gradient.elements == [0, 0, 0.5, -0.5])
        let none = CPUBackend<Float>().softmaxCrossEntropy(Matrix(rows: 3, columns: 0), targets: [], smoothing: 0)
        #expect(none.loss == 0 && none.correct == 0)
    }

    @Test func theFirstOfEqualEntriesCounts() {
        let logits = Matrix<Float>(rows: 3, columns: 2, elements: [1, 1, 0, 1, 1, 0])
        #expect(CPUBackend<Float>().softmaxCrossEntropy(logits, targets: [0, 1], smoothing: 0).correct == 1)
    }
}
