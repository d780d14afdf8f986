import Compute
import Foundation
import MatrixCore

/// Causal attention without biases whose queries and keys are turned by angles that grow with their place, so that scores
/// depend on the distance of places alone.
///
/// Features k and k + d/2 of a head of width d turn together, by place·base^(−2k/d), as in the transformers library; the authors'
/// code has neighbours turn together, which is the same but for the order of the weights' rows.
///
/// Source: Su et al., arXiv 2104.09864, section 3.2.
struct RotaryAttention<Backend: NeuralBackend>: Layer {
    struct Record: Sendable {
        let input: Backend.Tensor
        /// Queries and keys, turned, and values.
        let projections: Backend.Tensor
        let probabilities: Backend.Tensor
        let heads: Backend.Tensor
        let shape: AttentionShape
    }

    private let maps: [Linear<Backend>]
    private let output: Linear<Backend>
    private let width: Int
    private let heads: Int
    private let base: Double

    /// - Precondition: the width of a head is even.
    init(
        _ layout: inout NetworkLayout, _ name: String, width: Int, heads: Int, base: Double,
        _ initialization: ParameterDescription.Initialization
    ) {
        precondition(width % (2 * heads) == 0, "\(heads) heads of even width in \(width)")
        func map(_ part: String) -> Linear<Backend> {
            Linear(&layout, "\(name).\(part)", inputs: width, outputs: width, weight: initialization, bias: nil)
        }
        maps = ["queries", "keys", "values"].map(map)
        output = map("output")
        (self.width, self.heads, self.base) = (width, heads, base)
    }

    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Record) {
        let shape = AttentionShape(
            batch: pass.batch, length: pass.length, heads: heads, headWidth: width / heads, isCausal: true)
        let projected = pass.backend.stacked(maps.map { $0.forward(input, &pass).output })
        let turned = pass.backend.turnPairs(projected, rows: 2 * width, by: angles(shape, sign: 1, pass.backend))
        let attended = pass.backend.attention(turned, shape, mask: nil, bias: nil)
        let record = Record(
            input: input, projections: turned, probabilities: attended.probabilities, heads: attended.output, shape: shape)
        return (output.forward(attended.output, &pass).output, record)
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        let (backend, shape) = (pass.backend, record.shape)
        let headsGradient = output.backward(outputGradient, record.heads, &pass)
        let turned = backend.attentionGradient(
            headsGradient, projections: record.projections, probabilities: record.probabilities, shape, mask: nil, bias: nil
        ).projections
        let projected = backend.turnPairs(turned, rows: 2 * width, by: angles(shape, sign: -1, backend))
        var gradient: Backend.Tensor?
        for (part, map) in maps.enumerated() {
            let own = backend.block(
                projected, rows: part * width..<(part + 1) * width, columns: 0..<shape.batch * shape.length)
            let term = map.backward(own, record.input, &pass)
            if var sum = gradient {
                gradient = nil
                backend.combine(1, into: &sum, 1, term)
                gradient = sum
            } else {
                gradient = term
            }
        }
        guard let gradient else { preconditionFailure("attention without projections") }
        return gradient
    }

    /// Cosines above sines, a column a place, in double before they are rounded.
    private func angles(_ shape: AttentionShape, sign: Double, _ backend: Backend) -> Backend.Tensor {
        let half = shape.headWidth / 2
        var table = Matrix<Backend.Scalar>(rows: shape.headWidth, columns: shape.length)
        for pair in 0..<half {
            let frequency = pow(base, -2 * Double(pair) / Double(shape.headWidth))
            for place in 0..<shape.length {
                table[pair, place] = Backend.Scalar(cos(Double(place) * frequency))
                table[pair + half, place] = Backend.Scalar(sign * sin(Double(place) * frequency))
            }
        }
        return backend.tensor(table)
    }
}
