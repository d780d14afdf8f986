import Compute

/// Squares of 2 × 2 pixels, one above another, normalized and mapped to twice the width at half the resolution.
///
/// Source: Liu et al., arXiv 2103.14030, section 3.1; the order of the four, columns before rows, is that of the authors' code.
struct PatchMerging<Backend: NeuralBackend>: Layer {
    struct Record: Sendable {
        let batch: Int
        let normalization: LayerNormalization<Backend>.Record
        let normalized: Backend.Tensor
    }

    private let width: Int
    private let squares: Int
    private let selection: PositionSelection<Backend>
    private let normalization: LayerNormalization<Backend>
    private let reduction: Linear<Backend>

    /// - Precondition: the resolution is even.
    init(
        _ layout: inout NetworkLayout, _ name: String, width: Int, resolution: Int, offset: Double,
        _ initialization: ParameterDescription.Initialization
    ) {
        precondition(resolution % 2 == 0, "squares of 2 × 2 in a side of \(resolution)")
        let side = resolution / 2
        self.width = width
        squares = side * side
        let chosen = (0..<squares).flatMap { square in
            [(0, 0), (1, 0), (0, 1), (1, 1)].map { row, column in
                (2 * (square / side) + row) * resolution + 2 * (square % side) + column
            }
        }
        selection = PositionSelection(length: resolution * resolution, chosen: chosen)
        normalization = LayerNormalization(&layout, "\(name).normalization", width: 4 * width, offset: offset)
        reduction = Linear(
            &layout, "\(name).reduction", inputs: 4 * width, outputs: 2 * width, weight: initialization, bias: nil)
    }

    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Record) {
        let chosen = selection.forward(input, &pass)
        let stacked = pass.backend.reshaped(chosen.output, rows: 4 * width, columns: pass.batch * squares)
        let normalized = normalization.forward(stacked, &pass)
        let record = Record(batch: chosen.record, normalization: normalized.record, normalized: normalized.output)
        return (reduction.forward(normalized.output, &pass).output, record)
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        let normalized = reduction.backward(outputGradient, record.normalized, &pass)
        let stacked = normalization.backward(normalized, record.normalization, &pass)
        let chosen = pass.backend.reshaped(stacked, rows: width, columns: record.batch * 4 * squares)
        return selection.backward(chosen, record.batch, &pass)
    }
}
