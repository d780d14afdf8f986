import Compute

/// x + depth(dropout(inner(norm(x)))): a branch off the stream of a transformer.
struct ResidualBranch<Backend: NeuralBackend, Normalization: Layer<Backend>, Inner: Layer<Backend>>: Layer {
    struct Record: Sendable {
        let normalization: Normalization.Record
        let inner: Inner.Record
        let dropout: Dropout<Backend>.Mask?
        let depth: Backend.Vector?
    }

    private let normalization: Normalization
    private let inner: Inner
    private let dropout: Dropout<Backend>
    private let depth: StochasticDepth<Backend>

    init(
        _ layout: inout NetworkLayout, _ name: String, width: Int, dropout: Double = 0, stochasticDepth: Double = 0,
        normalization: (inout NetworkLayout, String) -> Normalization, _ inner: (inout NetworkLayout, String) -> Inner
    ) {
        self.normalization = normalization(&layout, "\(name).normalization")
        self.inner = inner(&layout, name)
        self.dropout = Dropout(rows: width, rate: dropout)
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

extension ResidualBranch where Normalization == LayerNormalization<Backend> {
    init(
        _ layout: inout NetworkLayout, _ name: String, _ shape: TransformerShape, stochasticDepth: Double,
        _ inner: (inout NetworkLayout, String) -> Inner
    ) {
        self.init(
            &layout, name, width: shape.width, dropout: shape.dropout, stochasticDepth: stochasticDepth,
            normalization: { LayerNormalization(&$0, $1, width: shape.width, offset: shape.normalizationOffset) }, inner)
    }
}
