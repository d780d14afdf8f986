import CPUBackend
import Compute
import MatrixCore
import TestSupport
import Testing

import func Foundation.exp

/// softmax(QᵀK/√d)·V with masked probabilities, head by head and query by query.
private func directAttention(
    _ projections: Matrix<Double>, _ shape: AttentionShape, mask: Matrix<Double>?
) -> Matrix<Double> {
    var output = Matrix<Double>(rows: shape.width, columns: shape.batch * shape.length)
    for sample in 0..<shape.batch {
        for head in 0..<shape.heads {
            for query in 0..<shape.length {
                func entry(_ part: Int, _ row: Int, _ position: Int) -> Double {
                    projections[part * shape.width + head * shape.headWidth + row, sample * shape.length + position]
                }
                let seen = shape.isCausal ? query + 1 : shape.length
                let weights = (0..<seen).map { key in
                    exp(
                        (0..<shape.headWidth).reduce(0) { $0 + entry(0, $1, query) * entry(1, $1, key) }
                            / Double(shape.headWidth).squareRoot())
                }
                let total = weights.reduce(0, +)
                let column = (sample * shape.heads + head) * shape.length + query
                for row in 0..<shape.headWidth {
                    output[head * shape.headWidth + row, sample * shape.length + query] =
                        (0..<seen).reduce(0) {
                            $0 + weights[$1] / total * (mask?[$1, column] ?? 1) * entry(2, row, $1)
                        }
                }
            }
        }
    }
    return output
}

private let shapes = [
    AttentionShape(batch: 2, length: 5, heads: 3, headWidth: 4, isCausal: true),
    AttentionShape(batch: 2, length: 5, heads: 3, headWidth: 4, isCausal: false),
    AttentionShape(batch: 1, length: 1, heads: 1, headWidth: 1, isCausal: true),
]

/// None, and one of factors 0 and 2.
private func masks(_ shape: AttentionShape) -> [Matrix<Float>?] {
    var mask = Matrix<Float>.random(
        rows: shape.length, columns: shape.batch * shape.heads * shape.length, seed: 8)
    for index in mask.elements.indices { mask.elements[index] = mask.elements[index] < 0 ? 0 : 2 }
    return [nil, mask]
}

@Suite struct AttentionTests {
    /// A central difference is off by step²/6·|f‴|, a few hundred here, and by rounding over the step.
    @Test func gradientsAreDifferences() {
        let backend = CPUBackend<Double>()
        for shape in shapes {
            let x = Matrix<Double>.random(rows: 3 * shape.width, columns: shape.batch * shape.length, seed: 2)
            let g = Matrix<Double>.random(rows: shape.width, columns: shape.batch * shape.length, seed: 3)
            for mask in masks(shape).map({ $0.map { Matrix<Double>($0) } }) {
                let forward = backend.attention(x, shape, mask: mask, bias: nil)
                let gradient = backend.attentionGradient(
                    g, projections: x, probabilities: forward.probabilities, shape, mask: mask, bias: nil)
                let step = 0x1p-17
                let magnitude = Double(g.elements.count)
                gradient.projections.expectWithin(
                    step * step * 100 + magnitude * 100 * unitOfDouble / step,
                    of: centralDifferences(at: x, step: step) {
                        innerProduct(directAttention($0, shape, mask: mask), g)
                    }, "\(shape)")
            }
        }
    }

    @Test func largeScoresDoNotOverflow() {
        let shape = AttentionShape(batch: 1, length: 3, heads: 1, headWidth: 1, isCausal: false)
        let x = Matrix<Float>(rows: 3, columns: 3, elements: [100, 100, 1, 100, -100, 2, 100, 99, 3])
        let output = CPUBackend<Float>().attention(x, shape, mask: nil, bias: nil).output
        // Scores 10000, −10000, 9900: the first key has all the weight.
        #expect(output.elements == [1, 1, 1])
    }

    @Test(arguments: setups) func theSameThreadsGiveTheSameBits(setup: Setup) {
        let shape = AttentionShape(batch: 3, length: 64, heads: 3, headWidth: 32, isCausal: true)
        let x = Matrix<Float>.random(rows: 288, columns: 192, seed: 6)
        let g = Matrix<Float>.random(rows: 96, columns: 192, seed: 7)
        let backend = setup.single
        let first = backend.attention(x, shape, mask: nil, bias: nil)
        let gradient = backend.attentionGradient(
            g, projections: x, probabilities: first.probabilities, shape, mask: nil, bias: nil
        ).projections
        for _ in 0..<5 {
            #expect(backend.attention(x, shape, mask: nil, bias: nil).output == first.output)
            #expect(
                backend.attentionGradient(g, projections: x, probabilities: first.probabilities, shape, mask: nil, bias: nil)
                    .projections == gradient)
        }
    }
}
