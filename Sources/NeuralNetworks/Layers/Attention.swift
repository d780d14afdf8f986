import Compute
import MatrixCore

/// Multi-head attention of a sequence to itself: queries, keys and values by one linear map, the heads' outputs by another. In
/// training, probabilities are dropped.
///
/// Source: Vaswani et al., arXiv 1706.03762, section 3.2.
struct Attention<Backend: NeuralBackend>: Layer {
    struct Record: Sendable {
        let input: Backend.Tensor
        let projections: Backend.Tensor
        let probabilities: Backend.Tensor
        let heads: Backend.Tensor
        let shape: AttentionShape
        /// Draws the mask of the probabilities, nil where none are dropped.
        let generator: PhiloxGenerator?
    }

    private let projections: Linear<Backend>
    private let output: Linear<Backend>
    private let heads: Int
    private let headWidth: Int
    private let isCausal: Bool
    private let dropout: Double

    init(_ layout: inout NetworkLayout, _ name: String, _ shape: TransformerShape) {
        let width = shape.width
        projections = Linear(
            &layout, "\(name).projections", inputs: width, outputs: 3 * width, weight: shape.initialization,
            bias: .constant(0))
        output = Linear(
            &layout, "\(name).output", inputs: width, outputs: width, weight: shape.residualInitialization,
            bias: .constant(0))
        heads = shape.heads
        headWidth = width / shape.heads
        isCausal = shape.isCausal
        dropout = shape.attentionDropout
    }

    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Record) {
        let shape = AttentionShape(
            batch: pass.batch, length: pass.length, heads: heads, headWidth: headWidth, isCausal: isCausal)
        let projected = projections.forward(input, &pass).output
        let generator = pass.isTraining && dropout > 0 ? pass.nextGenerator() : nil
        let attended = pass.backend.attention(projected, shape, mask: mask(generator, shape, pass.backend), bias: nil)
        let record = Record(
            input: input, projections: projected, probabilities: attended.probabilities, heads: attended.output,
            shape: shape, generator: generator)
        return (output.forward(attended.output, &pass).output, record)
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        let headsGradient = output.backward(outputGradient, record.heads, &pass)
        let projectionsGradient = pass.backend.attentionGradient(
            headsGradient, projections: record.projections, probabilities: record.probabilities, record.shape,
            mask: mask(record.generator, record.shape, pass.backend), bias: nil)
        return projections.backward(projectionsGradient.projections, record.input, &pass)
    }

    private func mask(
        _ generator: PhiloxGenerator?, _ shape: AttentionShape, _ backend: Backend
    ) -> Backend.Tensor? {
        generator.map {
            backend.dropoutMask(
                rows: shape.length, columns: shape.batch * shape.heads * shape.length, rate: dropout, generator: $0)
        }
    }
}
