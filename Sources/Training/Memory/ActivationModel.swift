import Compute
import NeuralNetworks

/// What a training takes of a device's memory beside parameters and optimizer states: so much a token, at the moments of a step
/// at which it can be most.
public struct ActivationModel: Sendable, Equatable {
    /// A moment of a step.
    struct Moment: Sendable, Equatable {
        let bytesPerToken: Int
        /// Whether the gradients of all parameters are there.
        let holdsGradients: Bool
    }

    let moments: [Moment]
    /// Of the copy of the gradients in the buckets in which they are exchanged.
    let bucketBytesPerParameter: Int
    /// The bits of parameters and gradients for which this holds.
    public let parameterBits: Int

    /// A LLaMA in bfloat16 where every layer is recomputed from its input (gradient checkpointing), and attention keeps no
    /// scores.
    ///
    /// Bytes a token, with width d, hidden width f, depth n, vocabulary V:
    /// - 2dn for the inputs of the layers, kept throughout;
    /// - on top, while one layer is recomputed and differentiated, 32d + 14f: two normalizations with a float32 copy of the
    ///   input and two bfloat16 results each, 2·8d; queries, keys, values, 6d; attention's result and its reordered copy,
    ///   4d; the sum after it, the layer's output and its gradient, 6d; gate, product with the activated gate and what they
    ///   come from, 4·2f, and the gradients of three of these, 6f;
    /// - or, at the loss, 6V: logits, their shifted copy and the logarithms of the softmax. The larger of the two counts.
    ///
    /// Checked against Wang et al. 2024, table 13 (LLaMA-2-7B, context 256): (68689 − 60135) MB/(64·256) are 547,463 bytes a
    /// token, these are 547,328. What the batch does not change is there 51,581 MB: parameters, gradients and 8-bit moments
    /// are 38,583 MB, and the rest fits a second copy of the gradients in bfloat16 (12,852 MB), as
    /// `DistributedDataParallel` keeps in its buckets.
    init(recomputedLLaMA width: Int, hidden: Int, depth: Int, vocabulary: Int) {
        moments = [
            Moment(
                bytesPerToken: 2 * width * depth + max(32 * width + 14 * hidden, 6 * vocabulary), holdsGradients: true)
        ]
        bucketBytesPerParameter = 2
        parameterBits = 16
    }

    /// A gpt as `train` trains it, without dropout: float32, nothing computed again but activations of the hidden layer and scores
    /// of attention.
    ///
    /// At the loss there are the record of the forward pass, logits and their gradient; while a block is differentiated the
    /// record, the logits' gradient, what the block needs, and the gradients of the parameters.
    public init<Backend: NeuralBackend>(of network: GenerativeTransformer<Backend>) {
        let (record, vocabulary) = (network.recordedEntriesPerToken, network.outputs)
        moments = [
            Moment(bytesPerToken: 4 * (record + 2 * vocabulary), holdsGradients: false),
            Moment(
                bytesPerToken: 4 * (record + vocabulary + network.blockGradientEntriesPerToken), holdsGradients: true),
        ]
        bucketBytesPerParameter = 0
        parameterBits = 32
    }
}
