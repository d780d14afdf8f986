import Dispatch
import NeuralNetworks
import Synchronization

/// A data set whose next batches are made by another thread while a step is taken.
///
/// A batch is a function of the seed and the step, so that it is the same whoever makes it and when.
public final class PrefetchedDataSet: DataSet {
    private struct Request: Hashable {
        let step: Int
        let batchSize: Int
        let seed: UInt64
    }

    private let base: any DataSet
    /// The last step for which there is a batch to make.
    private let lastStep: Int
    /// Batches that are made or waiting beside the one in use.
    private let depth: Int
    private let queue = DispatchQueue(label: "batches", qos: .userInitiated)
    private let pending = Mutex<[Request: PendingBatch]>([:])

    /// - Parameters:
    ///   - lastStep: of the run; nothing is made for steps behind it.
    ///   - depth: batches that are made ahead, which take memory.
    public init(_ base: any DataSet, lastStep: Int, depth: Int = 2) {
        precondition(depth >= 1, "\(depth) batches ahead")
        self.base = base
        self.lastStep = lastStep
        self.depth = depth
    }

    public var description: DataDescription { base.description }
    public var fingerprint: String { base.fingerprint }
    public var notes: [String] { base.notes }
    public func batchesPerEpoch(batchSize: Int) -> Int { base.batchesPerEpoch(batchSize: batchSize) }
    public func validationBatches(batchSize: Int) -> BatchCollection { base.validationBatches(batchSize: batchSize) }

    public func trainingBatch(step: Int, batchSize: Int, seed: UInt64) throws(DataError) -> Batch {
        let wanted = Request(step: step, batchSize: batchSize, seed: seed)
        let found = pending.withLock { pending in
            // An evaluation may have asked for later batches, and these are asked for again: others are not kept so long.
            let near = step...step + depth
            pending = pending.filter {
                near.contains($0.key.step) && $0.key.batchSize == batchSize && $0.key.seed == seed
            }
            return pending.removeValue(forKey: wanted)
        }
        // Before this batch is waited for: the next ones may begin as soon as it is made.
        let batch = found ?? request(wanted)
        for next in step + 1...step + depth where next <= lastStep {
            let request = Request(step: next, batchSize: batchSize, seed: seed)
            let isKnown = pending.withLock { $0[request] != nil }
            if !isKnown {
                let ahead = self.request(request)
                pending.withLock { $0[request] = ahead }
            }
        }
        return try batch.wait()
    }

    private func request(_ request: Request) -> PendingBatch {
        let batch = PendingBatch()
        queue.async { [base] in
            batch.finish { () throws(DataError) in
                try base.trainingBatch(step: request.step, batchSize: request.batchSize, seed: request.seed)
            }
        }
        return batch
    }
}

/// A batch that is being made.
private final class PendingBatch: Sendable {
    private let result = Mutex<Result<Batch, DataError>?>(nil)
    private let isMade = DispatchSemaphore(value: 0)

    func finish(_ make: () throws(DataError) -> Batch) {
        let made = Result(catching: make)
        result.withLock { $0 = made }
        isMade.signal()
    }

    /// Once.
    func wait() throws(DataError) -> Batch {
        isMade.wait()
        guard let made = result.withLock({ $0.take() }) else { preconditionFailure("a batch is asked for once") }
        return try made.get()
    }
}
