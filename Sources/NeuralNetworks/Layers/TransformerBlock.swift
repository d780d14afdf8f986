import Compute

/// The sizes and rates that the blocks of a transformer share.
struct TransformerShape: Sendable {
    let width: Int
    let heads: Int
    /// The width of the layer inside the feed-forward part.
    let hidden: Int
    let isCausal: Bool
    let dropout: Double
    /// The rate at which probabilities of attention are dropped.
    let attentionDropout: Double
    let activation: GaussianErrorForm
    /// What is added to a variance.
    let normalizationOffset: Double
    let initialization: ParameterDescription.Initialization
    /// Of the maps whose output is added to the stream.
    let residualInitialization: ParameterDescription.Initialization
}

/// x + attention(norm(x)), then x + feedForward(norm(x)), either branch with dropout and stochastic depth at its end.
///
/// Source: Radford et al., "Language models are unsupervised multitask learners", 2019, section 2.3; Dosovitskiy et al.,
/// arXiv 2010.11929, equations 2 and 3.
struct TransformerBlock<Backend: NeuralBackend>: Layer {
    typealias Branch<Inner: Layer<Backend>> = ResidualBranch<Backend, LayerNormalization<Backend>, Inner>

    struct Record: Sendable {
        let attention: Branch<Attention<Backend>>.Record
        let feedForward: Branch<FeedForward<Backend>>.Record
    }

    private let attention: Branch<Attention<Backend>>
    private let feedForward: Branch<FeedForward<Backend>>

    init(_ layout: inout NetworkLayout, _ name: String, _ shape: TransformerShape, stochasticDepth: Double) {
        attention = ResidualBranch(&layout, "\(name).attention", shape, stochasticDepth: stochasticDepth) {
            Attention(&$0, $1, shape)
        }
        feedForward = ResidualBranch(&layout, "\(name).feedForward", shape, stochasticDepth: stochasticDepth) {
            FeedForward(&$0, $1, shape)
        }
    }

    func forward(
        _ input: Backend.Tensor, _ pass: inout ForwardPass<Backend>
    ) -> (output: Backend.Tensor, record: Record) {
        let attended = attention.forward(input, &pass)
        let fed = feedForward.forward(attended.output, &pass)
        return (fed.output, Record(attention: attended.record, feedForward: fed.record))
    }

    func backward(
        _ outputGradient: Backend.Tensor, _ record: Record, _ pass: inout BackwardPass<Backend>
    ) -> Backend.Tensor {
        attention.backward(feedForward.backward(outputGradient, record.feedForward, &pass), record.attention, &pass)
    }
}
