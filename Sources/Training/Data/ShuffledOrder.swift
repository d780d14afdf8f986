import MatrixCore
import Synchronization

/// The order of samples in every epoch: a permutation by Fisher and Yates, drawn from the seed and the epoch alone.
///
/// The last permutation is kept, since consecutive steps share it. It changes the time of a call and nothing else. More
/// samples than `largestKept` (windows of a large file of tokens) have an `IndexPermutation`, which needs no memory.
///
/// Source: Durstenfeld, "Algorithm 235: random permutation", CACM 7 (1964) 420.
final class ShuffledOrder: Sendable {
    private struct Epoch {
        let seed: UInt64
        let number: Int
        let permutation: [Int]
    }

    /// 32 MB.
    static let largestKept = 1 << 22

    let count: Int
    private let isKept: Bool
    private let last = Mutex<Epoch?>(nil)

    init(count: Int, keeping largest: Int = largestKept) {
        self.count = count
        isKept = count <= largest
    }

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
        let places = places(step: step, batchSize: batchSize)
        guard isKept else {
            let permutation = IndexPermutation(count: count, seed: seed, epoch: epoch)
            return places.map { permutation[$0] }[...]
        }
        return permutation(epoch: epoch, seed: seed)[places]
    }

    /// The sample at a place of an epoch's order.
    func sample(at place: Int, epoch: Int, seed: UInt64) -> Int {
        isKept
            ? permutation(epoch: epoch, seed: seed)[place]
            : IndexPermutation(count: count, seed: seed, epoch: epoch)[place]
    }

    /// The places of a step's batch in the order of its epoch.
    func places(step: Int, batchSize: Int) -> Range<Int> {
        let start = (step - 1) % batchesPerEpoch(batchSize: batchSize) * batchSize
        return start..<start + batchSize
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
