import MatrixCore
import Synchronization

/// The order of samples in every epoch: a permutation by Fisher and Yates, drawn from the seed and the epoch alone.
///
/// The last permutation is kept, since consecutive steps share it. It changes the time of a call and nothing else.
///
/// Source: Durstenfeld, "Algorithm 235: random permutation", CACM 7 (1964) 420.
final class ShuffledOrder: Sendable {
    private struct Epoch {
        let seed: UInt64
        let number: Int
        let permutation: [Int]
    }

    private let count: Int
    private let last = Mutex<Epoch?>(nil)

    init(count: Int) { self.count = count }

    func batchesPerEpoch(batchSize: Int) -> Int {
        precondition(batchSize >= 1, "batches of \(batchSize) samples")
        return count / batchSize
    }

    /// The epoch of a step, from 0.
    func epoch(step: Int, batchSize: Int) -> Int {
        let batches = batchesPerEpoch(batchSize: batchSize)
        precondition(step >= 1 && batches >= 1, "step \(step), batches of \(batchSize) from \(count) samples")
        return (step - 1) / batches
    }

    /// The samples of a step's batch.
    func samples(step: Int, batchSize: Int, seed: UInt64) -> ArraySlice<Int> {
        let epoch = epoch(step: step, batchSize: batchSize)
        let start = (step - 1) % batchesPerEpoch(batchSize: batchSize) * batchSize
        return permutation(epoch: epoch, seed: seed)[start..<start + batchSize]
    }

    private func permutation(epoch: Int, seed: UInt64) -> [Int] {
        last.withLock { last in
            if let last, last.seed == seed, last.number == epoch { return last.permutation }
            var generator = PhiloxGenerator(seed: seed, for: .epochOrder, number: epoch)
            var permutation = Array(0..<count)
            for end in stride(from: count - 1, to: 0, by: -1) { permutation.swapAt(end, generator.below(end + 1)) }
            last = Epoch(seed: seed, number: epoch, permutation: permutation)
            return permutation
        }
    }
}
