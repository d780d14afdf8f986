import MatrixCore
import NeuralNetworks

/// Samples for training and validation, drawn by step number.
///
/// A batch is a function of the seed and the step alone: the position in the data needs no state of its own, and a
/// resumed run sees what the uninterrupted one would have seen.
public protocol DataSet: Sendable {
    var description: DataDescription { get }
    /// Tells these samples from others: their number and a checksum.
    var fingerprint: String { get }
    /// What is to be said at the end of a run: files that were left out.
    var notes: [String] { get }
    /// Batches of an epoch; the samples left over are not used in it.
    func batchesPerEpoch(batchSize: Int) -> Int
    /// The batch of step `step`, from 1, shuffled and augmented.
    ///
    /// - Precondition: `step` and `batchesPerEpoch(batchSize:)` are positive.
    /// - Throws: `DataError`, where a file is read only now.
    func trainingBatch(step: Int, batchSize: Int, seed: UInt64) throws(DataError) -> Batch
    /// The validation samples in their order, without augmentation; the last batch may be smaller.
    ///
    /// - Precondition: `batchSize` is positive.
    func validationBatches(batchSize: Int) -> BatchCollection
}

extension DataSet {
    public var notes: [String] { [] }
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
    /// What samples that are mixed of two are of the second ones.
    public struct Mixture: Sendable, Equatable {
        public let targets: [Int]
        /// From 0 to 1.
        public let share: Double
    }

    /// Samples, not positions.
    public let size: Int
    /// One a sample of images, one a token.
    public let targets: [Int]
    public let mixture: Mixture?

    public init(content: Content, size: Int, targets: [Int], mixture: Mixture? = nil) {
        self.content = content
        self.size = size
        self.targets = targets
        self.mixture = mixture
    }
}

/// Batches that are made when they are asked for: the validation images of CIFAR would fill 123 MB at once.
public struct BatchCollection: Sendable {
    public typealias Maker = @Sendable (Int) throws(DataError) -> Batch

    public let count: Int
    private let batch: Maker

    /// - Parameter batch: the batch of an index below `count`.
    public init(count: Int, _ batch: @escaping Maker) {
        self.count = count
        self.batch = batch
    }

    /// `count` samples in batches of `batchSize`, the last one perhaps smaller.
    init(
        samples count: Int, batchSize: Int, _ batch: @escaping @Sendable (Range<Int>) throws(DataError) -> Batch
    ) {
        precondition(batchSize >= 1, "batches of \(batchSize) samples")
        self.init(count: count / batchSize + (count.isMultiple(of: batchSize) ? 0 : 1)) { index throws(DataError) in
            let start = index * batchSize
            return try batch(start..<start + min(batchSize, count - start))
        }
    }

    public subscript(index: Int) -> Batch {
        get throws(DataError) {
            precondition((0..<count).contains(index), "batch \(index) of \(count)")
            return try batch(index)
        }
    }

    /// All at once.
    func all() throws(DataError) -> [Batch] {
        var batches: [Batch] = []
        for index in 0..<count { batches.append(try self[index]) }
        return batches
    }
}
