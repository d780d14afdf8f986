import Compute
import Foundation
import MatrixCore

private let attentionShapes = [
    AttentionShape(batch: 2, length: 5, heads: 3, headWidth: 4, isCausal: true),
    AttentionShape(batch: 2, length: 5, heads: 3, headWidth: 4, isCausal: false),
    AttentionShape(batch: 1, length: 1, heads: 1, headWidth: 1, isCausal: true),
    AttentionShape(batch: 1, length: 33, heads: 2, headWidth: 17, isCausal: true),
    AttentionShape(batch: 3, length: 16, heads: 1, headWidth: 16, isCausal: false),
    AttentionShape(batch: 1, length: 70, heads: 1, headWidth: 8, isCausal: true),
    AttentionShape(batch: 1, length: 130, heads: 1, headWidth: 64, isCausal: true),
    AttentionShape(batch: 1, length: 132, heads: 2, headWidth: 3, isCausal: true),
    AttentionShape(batch: 67, length: 9, heads: 3, headWidth: 5, isCausal: true),
    AttentionShape(batch: 0, length: 3, heads: 2, headWidth: 2, isCausal: false),
]

/// What joins queries, keys and values.
private enum AttentionKind: CaseIterable {
    case plain, masked, biased
    /// With a bias of two samples beside that of the heads.
    case biasedTwice
}

/// Attention head by head and query by query, without a mask and with one of factors 0 and 2, without and with biases in [−1, 1).
///
/// With entries in [−1, 1): a score is a sum of d products, off by at most d^½·(d + 2)·u, so the exponential by that
/// relatively, and a few u of its own; sum and quotient add (length + 3)·u. The output is a mean of values below 1 with weights
/// off by twice that relatively, and length·u for its own sum. Factors of at most 2 double it. In the gradient dP is a sum of d
/// products below 1, dS a product of the two less its mean, and the rest a sum over the positions of dS times entries below 1,
/// or over the samples of dS alone. Two biases add two roundings of a score below d^½ + 2.
func attentionCases<Backend: NeuralBackend>() -> [ConformanceCase<Backend>] {
    attentionShapes.flatMap { shape in
        AttentionKind.allCases.map { what in
            let positions = "\(shape.batch) × \(shape.length) positions, \(shape.heads) heads of \(shape.headWidth)"
            let kind = (shape.isCausal ? ", causal" : "") + (what == .plain ? "" : ", \(what)")
            return ConformanceCase("attention, \(positions)\(kind)") { judge in
                let columns = shape.batch * shape.length
                let x: Matrix<Backend.Scalar> = deviates(3 * shape.width, columns, seed: 34)
                let outer: Matrix<Backend.Scalar> = deviates(shape.width, columns, seed: 35)
                let mask: Matrix<Backend.Scalar>? =
                    what == .masked
                    ? deviates(shape.length, shape.batch * shape.heads * shape.length, seed: 36).mapped { $0 < 0 ? 0 : 2 } : nil
                let biases: [Matrix<Backend.Scalar>] = [
                    (shape.heads, what != .plain && what != .masked), (2, what == .biasedTwice),
                ]
                .filter(\.1).map { deviates(shape.length, $0.0 * shape.length, seed: 37) }
                let expected = AttentionLoop(
                    shape, projections: Matrix(x), mask: mask.map { Matrix($0) }, biases: biases.map { Matrix($0) },
                    outputGradient: Matrix(outer))
                let (width, length) = (Double(shape.headWidth), Double(shape.length))
                let weight = width.squareRoot() * (width + 4) + length + 12
                let bound = 2 * (2 * weight + length) * judge.unit
                let (backend, tensor, factors) = (judge.backend, judge.backend.tensor(x), mask.map { judge.backend.tensor($0) })
                let tensors = biases.map { backend.tensor($0) }
                let bias = tensors.first.map { AttentionBias(heads: $0, samples: tensors.dropFirst().first) }
                let found = backend.attention(tensor, shape, mask: factors, bias: bias)
                judge.expect(found.output, within: bound, of: expected.output, "output")
                let gradient = backend.attentionGradient(
                    backend.tensor(outer), projections: tensor, probabilities: found.probabilities, shape, mask: factors,
                    bias: bias)
                judge.expect(gradient.projections, within: 8 * length * width * bound, of: expected.gradient, "gradient")
                judge.expect((gradient.bias == nil) == (bias == nil), "a gradient of a bias that is not there")
                guard let found = gradient.bias else { return }
                let samples = Double(shape.batch)
                judge.expect(
                    found, within: 8 * width * samples * (bound + samples * judge.unit), of: expected.biasGradient, "bias")
            }
        }
    }
}

/// softmax(QᵀK/√d + bias)·V with masked probabilities, and its derivative: dP = (dOᵀV)∘mask, dS = P∘(dP − Σ P∘dP)/√d, dQ = K·dSᵀ,
/// dK = Q·dS, dV = dO·(P∘mask).
private struct AttentionLoop {
    private(set) var output: Matrix<Double>
    private(set) var gradient: Matrix<Double>
    private(set) var biasGradient: Matrix<Double>

    init(
        _ shape: AttentionShape, projections x: Matrix<Double>, mask: Matrix<Double>?, biases: [Matrix<Double>],
        outputGradient: Matrix<Double>
    ) {
        biasGradient = Matrix(rows: shape.length, columns: shape.heads * shape.length)
        output = Matrix(rows: shape.width, columns: shape.batch * shape.length)
        gradient = Matrix(rows: x.rows, columns: x.columns)
        let (depth, root) = (shape.headWidth, Double(shape.headWidth).squareRoot())
        for query in 0..<shape.batch * shape.heads * shape.length {
            let (sample, head) = (query / (shape.heads * shape.length), query / shape.length % shape.heads)
            let (first, position) = (sample * shape.length, query % shape.length)
            let column = first + position
            let keys = (0..<(shape.isCausal ? position + 1 : shape.length)).map { (index: $0, column: first + $0) }
            func row(_ part: Int, _ feature: Int) -> Int { part * shape.width + head * depth + feature }
            func inner(_ a: Matrix<Double>, _ aRow: Int, _ aColumn: Int, _ bPart: Int, _ bColumn: Int) -> Double {
                (0..<depth).reduce(0) { $0 + a[aRow + $1, aColumn] * x[row(bPart, $1), bColumn] }
            }
            let places = [head * shape.length + position, sample % 2 * shape.length + position]
            let weights = keys.map { key in
                let added = zip(biases, places).reduce(0) { $0 + $1.0[key.index, $1.1] }
                return exp(inner(x, row(0, 0), column, 1, key.column) / root + added)
            }
            let total = weights.reduce(0, +)
            let probabilities = weights.map { $0 / total }
            let factors = keys.map { mask?[$0.index, query] ?? 1 }
            let slopes = zip(keys, factors).map { inner(outputGradient, head * depth, column, 2, $0.column) * $1 }
            let mean = zip(probabilities, slopes).reduce(0) { $0 + $1.0 * $1.1 }
            for (number, key) in keys.enumerated() {
                let (probability, factor) = (probabilities[number], factors[number])
                let score = probability * (slopes[number] - mean) / root
                biasGradient[key.index, places[0]] += score * root
                for feature in 0..<depth {
                    let place = head * depth + feature
                    output[place, column] += probability * factor * x[row(2, feature), key.column]
                    gradient[row(0, feature), column] += score * x[row(1, feature), key.column]
                    gradient[row(1, feature), key.column] += score * x[row(0, feature), column]
                    gradient[row(2, feature), key.column] += probability * factor * outputGradient[place, column]
                }
            }
        }
    }
}
