import MatrixCore
import NeuralNetworks

/// Samples for training and validation, read once and drawn by step number.
///
/// A batch is a function of the seed and the step alone: the position in the data needs no state of its own, and a
/// resumed run sees what the uninterrupted one would have seen.
public protocol DataSet: Sendable {
    var description: DataDescription { get }
    /// Tells these samples from others: their number and a checksum.
    var fingerprint: String { get }
    /// Batches of an epoch; the samples left over are not used in it.
    func batchesPerEpoch(batchSize: Int) -> Int
    /// The batch of step `step`, from 1, shuffled and augmented.
    ///
    /// - Precondition: `step` and `batchesPerEpoch(batchSize:)` are positive.
    func trainingBatch(step: Int, batchSize: Int, seed: UInt64) -> Batch
    /// The validation samples in their order, without augmentation; the last batch may be smaller.
    ///
    /// - Precondition: `batchSize` is positive.
    func validationBatches(batchSize: Int) -> BatchCollection
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

/// Batches that are made when they are asked for: the validation images of CIFAR would fill 123 MB at once.
public struct BatchCollection: RandomAccessCollection, Sendable {
    public let startIndex = 0
    public let endIndex: Int
    private let batch: @Sendable (Int) -> Batch

    /// - Parameter batch: the batch of an index below `count`.
    public init(count: Int, _ batch: @escaping @Sendable (Int) -> Batch) {
        endIndex = count
        self.batch = batch
    }

    public init(_ batches: [Batch]) {
        self.init(count: batches.count) { batches[$0] }
    }

    /// `count` samples in batches of `batchSize`, the last one perhaps smaller.
    init(samples count: Int, batchSize: Int, _ batch: @escaping @Sendable (Range<Int>) -> Batch) {
        precondition(batchSize >= 1, "batches of \(batchSize) samples")
        self.init(count: count / batchSize + (count.isMultiple(of: batchSize) ? 0 : 1)) { index in
            let start = index * batchSize
            return batch(start..<start + Swift.min(batchSize, count - start))
        }
    }

    public subscript(index: Int) -> Batch {
        precondition(indices.contains(index), "batch \(index) of \(endIndex)")
        return batch(index)
    }
}
