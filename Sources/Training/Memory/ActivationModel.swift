/// The activations of a LLaMA in bfloat16 where every layer is recomputed from its input (gradient checkpointing), and
/// attention keeps no scores.
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
public struct ActivationModel: Sendable, Equatable {
    let width: Int
    let hidden: Int
    let depth: Int
    let vocabulary: Int

    public var bytesPerToken: Int { 2 * width * depth + max(32 * width + 14 * hidden, 6 * vocabulary) }

    /// The copy of the gradients in the buckets.
    public func bucketBytes(parameterCount: Int) -> Int { 2 * parameterCount }
}
