/// A training on a device: what the batch does not change, and what it does.
public struct MemoryFit: Sendable, Equatable {
    public let bucketBytes: Int
    /// Parameters, gradients with their buckets, and optimizer.
    public let fixedBytes: Int
    public let batchSize: Int?
    /// What the batch adds to the fixed bytes at the most, nil without one.
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
        bucketBytes = activations.bucketBytesPerParameter * parameterCount
        let fixed = bytes.total + bucketBytes
        fixedBytes = fixed
        self.batchSize = batchSize
        let moments = activations.moments.map { moment in
            (moment.holdsGradients ? fixed : fixed - bytes.gradients, context * moment.bytesPerToken)
        }
        activationBytes = batchSize.map { batch in (moments.map { $0 + batch * $1 }.max() ?? fixed) - fixed }
        largestBatch = limit.map { limit in max(0, moments.map { (limit - $0) / $1 }.min() ?? 0) }
    }
}
