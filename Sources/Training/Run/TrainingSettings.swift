/// What decides the numbers of a training beside network, data and optimizer.
public struct TrainingSettings: Sendable, Equatable {
    public var batchSize: Int
    /// K: so many parts of a batch pass through the network one after another, and their gradients are summed.
    public var microBatches: Int
    public var schedule: LearningRateSchedule
    /// Of the parameters, the shuffling, dropout and the power iterations.
    public var seed: UInt64
    /// s of the cross-entropy against (1 − s)·target + s/classes.
    public var labelSmoothing: Double
    /// The largest norm that the gradients of all parameters may have together; larger ones are scaled down to it. Nil for any.
    public var clip: Double?
    /// Whether biases and normalizations decay too.
    public var decaysAll: Bool
    /// Whether tables of tokens and the map to their logits have preconditioners, where there are any.
    public var preconditionsVocabulary: Bool
    /// Whether full-precision statistics are followed beside coded ones.
    public var followsShadow: Bool
    /// So many roots of one side that fail in a row end the training.
    public var rootFailureLimit: Int
    /// Validation batches of one evaluation, nil for all.
    public var validationBatches: Int?

    public init(
        batchSize: Int, microBatches: Int = 1, schedule: LearningRateSchedule, seed: UInt64, labelSmoothing: Double = 0,
        clip: Double? = nil, decaysAll: Bool = false, preconditionsVocabulary: Bool = true,
        followsShadow: Bool = false, rootFailureLimit: Int = 5,
        validationBatches: Int? = nil
    ) {
        precondition(batchSize >= 1 && rootFailureLimit >= 1, "a batch of \(batchSize), limit \(rootFailureLimit)")
        precondition(1...batchSize ~= microBatches, "\(microBatches) parts of a batch of \(batchSize)")
        self.batchSize = batchSize
        self.microBatches = microBatches
        self.schedule = schedule
        self.seed = seed
        self.labelSmoothing = labelSmoothing
        self.clip = clip
        self.decaysAll = decaysAll
        self.preconditionsVocabulary = preconditionsVocabulary
        self.followsShadow = followsShadow
        self.rootFailureLimit = rootFailureLimit
        self.validationBatches = validationBatches
    }
}
