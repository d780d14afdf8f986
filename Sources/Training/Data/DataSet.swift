import MatrixCore

/// Samples for training and validation, read once and drawn by step number.
///
/// A batch is a function of the seed and the step alone: the position in the data needs no state of its own, and a
/// resumed run sees what the uninterrupted one would have seen.
public protocol DataSet: Sendable {
    var description: DataDescription { get }
    /// Batches of an epoch; the samples left over are not used in it.
    func batchesPerEpoch(batchSize: Int) -> Int
    /// The batch of step `step`, from 1, shuffled and augmented.
    func trainingBatch(step: Int, batchSize: Int, seed: UInt64) -> Batch
    /// The validation samples in their order, without augmentation.
    func validationBatches(batchSize: Int) -> [Batch]
}

/// What a network must fit.
public enum DataDescription: Sendable, Equatable {
    case images(channels: Int, height: Int, width: Int, classes: Int)
    case tokens(vocabulary: Int, context: Int)
}

/// Samples with their targets.
public struct Batch: Sendable, Equatable {
    public enum Content: Sendable, Equatable {
        /// Channels × (sample, row, column), normalized.
        case images(Matrix<Float>)
        /// Sample after sample.
        case tokens([Int])
    }

    public let content: Content
    /// Samples, not positions.
    public let size: Int
    /// One a sample of images, one a token.
    public let targets: [Int]

    public init(content: Content, size: Int, targets: [Int]) {
        self.content = content
        self.size = size
        self.targets = targets
    }
}
