import Compute
import MatrixCore

/// Attention within square windows of an image, shifted or not, with a learned bias for every distance of two pixels.
///
/// A shift moves the image up and to the left, cyclically; pixels that meet in a window without being neighbours in the image do
/// not see one another: −100 is added to their scores, as the authors do.
///
/// Source: Liu et al., arXiv 2103.14030, section 3.2 and equation 4.
struct WindowAttention<Backend: NeuralBackend>: Layer {
    struct Record: Sendable {
        /// Window after window.
        let input: Backend.Tensor
        let projections: Backend.Tensor
        let probabilities: Backend.Tensor
        let heads: Backend.Tensor
        let bias: AttentionBias<Backend.Tensor>
        let batch: Int
    }

    private let windows: ShiftedWindows
    private let partition: PositionSelection<Backend>
    private let reversal: PositionSelection<Backend>
    private let distances: Embedding<Backend>
    private let projections: Linear<Backend>
    private let output: Linear<Backend>
    private let heads: Int
    private let headWidth: Int

    init(_ layout: inout NetworkLayout, _ name: String, _ shape: TransformerShape, _ windows: ShiftedWindows) {
        let width = shape.width
        self.windows = windows
        partition = PositionSelection(length: windows.order.count, chosen: windows.order)
        var reversed = windows.order
        for (place, position) in windows.order.enumerated() { reversed[position] = place }
        reversal = PositionSelection(length: reversed.count, chosen: reversed)
        distances = Embedding(
            &layout, "\(name).distances", count: windows.distanceCount, width: shape.heads, shape.initialization, decays: false)
        projections = Linear(
            &layout, "\(name).projections", inputs: width, outputs: 3 * width, weight: shape.initialization, bias: .constant(0))
        output = Linear(
            &layout, "\(name).output", inputs: width, outputs: width, weight: shape.residualInitialization, bias: .constant(0))
        (heads, headWidth) = (shape.heads, width / shape.heads)
    }

    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Record) {
        let backend = pass.backend
        let parted = partition.forward(input, &pass).output
        let projected = projections.forward(parted, &pass).output
        let bias = bias(&pass)
        let attended = backend.attention(projected, shape(pass.batch), mask: nil, bias: bias)
        let record = Record(
            input: parted, projections: projected, probabilities: attended.probabilities, heads: attended.output, bias: bias,
            batch: pass.batch)
        return (reversal.forward(output.forward(attended.output, &pass).output, &pass).output, record)
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        let (backend, area) = (pass.backend, windows.area)
        let parted = reversal.backward(outputGradient, record.batch, &pass)
        let headsGradient = output.backward(parted, record.heads, &pass)
        let gradient = backend.attentionGradient(
            headsGradient, projections: record.projections, probabilities: record.probabilities, shape(record.batch), mask: nil,
            bias: record.bias)
        guard let biasGradient = gradient.bias else { preconditionFailure("a bias without a gradient") }
        let columns = backend.reshaped(biasGradient, rows: area * area, columns: heads)
        distances.backward(backend.gatherRows(columns, Array(0..<area * area)), windows.distances, &pass)
        return partition.backward(
            projections.backward(gradient.projections, record.input, &pass), record.batch, &pass)
    }

    private func shape(_ batch: Int) -> AttentionShape {
        AttentionShape(
            batch: batch * windows.count, length: windows.area, heads: heads, headWidth: headWidth, isCausal: false)
    }

    /// Of every head a number for every query and key. Gathering the rows of what was gathered turns it.
    private func bias(_ pass: inout ForwardPass<Backend>) -> AttentionBias<Backend.Tensor> {
        let (backend, area) = (pass.backend, windows.area)
        let columns = distances.forward(windows.distances, &pass)
        let heads = backend.reshaped(
            backend.gatherRows(columns, Array(0..<heads)), rows: area, columns: self.heads * area)
        guard let mask = windows.mask else { return AttentionBias(heads: heads) }
        let entries = mask.map { $0 ? Backend.Scalar(0) : -100 }
        return AttentionBias(
            heads: heads, samples: backend.tensor(Matrix(rows: area, columns: windows.count * area, elements: entries)))
    }
}
