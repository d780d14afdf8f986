import Compute

/// x + depth(dropout(inner(norm(x)))): a branch off the stream of a transformer.
struct ResidualBranch<Backend: NeuralBackend, Inner: Layer<Backend>>: Layer {
    struct Record: Sendable {
        let normalization: LayerNormalization<Backend>.Record
        let inner: Inner.Record
        let dropout: Dropout<Backend>.Mask?
        let depth: Backend.Vector?
    }

    private let normalization: LayerNormalization<Backend>
    private let inner: Inner
    private let dropout: Dropout<Backend>
    private let depth: StochasticDepth<Backend>

    init(
        _ layout: inout NetworkLayout, _ name: String, _ shape: TransformerShape, stochasticDepth: Double,
        _ inner: (inout NetworkLayout, String) -> Inner
    ) {
        normalization = LayerNormalization(
            &layout, "\(name).normalization", width: shape.width, offset: shape.normalizationOffset)
        self.inner = inner(&layout, name)
        dropout = Dropout(rows: shape.width, rate: shape.dropout)
        depth = StochasticDepth(rate: stochasticDepth)
    }

    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Record) {
        let normalized = normalization.forward(input, &pass)
        let branch = inner.forward(normalized.output, &pass)
        let dropped = dropout.forward(branch.output, &pass)
        var (output, factors) = depth.forward(dropped.output, &pass)
        pass.backend.combine(1, into: &output, 1, input)
        let record = Record(
            normalization: normalized.record, inner: branch.record, dropout: dropped.record, depth: factors)
        return (output, record)
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        let dropped = depth.backward(outputGradient, record.depth, &pass)
        let branch = dropout.backward(dropped, record.dropout, &pass)
        let normalized = inner.backward(branch, record.inner, &pass)
        var gradient = normalization.backward(normalized, record.normalization, &pass)
        pass.backend.combine(1, into: &gradient, 1, outputGradient)
        return gradient
    }
}
