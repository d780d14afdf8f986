/// A training on a device: what the batch does not change, and what it does.
public struct MemoryFit: Sendable, Equatable {
    public let bucketBytes: Int
    /// Parameters, gradients with their buckets, and optimizer.
    public let fixedBytes: Int
    public let batchSize: Int?
    /// Of the batch, nil without one.
    public let activationBytes: Int?
    /// The largest batch within the limit, 0 where not even one sequence fits; nil without a limit.
    public let largestBatch: Int?

    /// - Parameters:
    ///   - context: tokens a sequence.
    ///   - limit: bytes of the device.
    public init(
        _ activations: ActivationModel, parameterCount: Int, _ bytes: MemoryBreakdown, context: Int, batchSize: Int?,
        limit: Int?
    ) {
        bucketBytes = activations.bucketBytes(parameterCount: parameterCount)
        fixedBytes = bytes.total + bucketBytes
        self.batchSize = batchSize
        let sequence = context * activations.bytesPerToken
        activationBytes = batchSize.map { $0 * sequence }
        largestBatch = limit.map { [fixedBytes] in max(0, ($0 - fixedBytes) / sequence) }
    }
}
