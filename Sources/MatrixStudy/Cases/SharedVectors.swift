import MatrixCore
import Preconditioning
import Synchronization

/// The decoded and rectified eigenvectors of one matrix, kept while further cases of a contraction, damping or solver axis need
/// the same ones: those of storages that code vectors without a look at the eigenvalues. At most `capacity` are held; the rest is computed again.
final class SharedVectors: Sendable {
    private struct Key: Hashable {
        let kind: StatisticKind
        let coding: CodingChoice?
        let steps: Int?

        /// nil where a case's vectors are its own.
        init?(_ statistic: StatisticCase) {
            guard statistic.kind.traits.codesVectorsAlone else { return nil }
            kind = statistic.kind
            coding = statistic.coding
            steps = statistic.rectificationSteps
        }
    }

    private struct State {
        var remainingUses: [Key: Int] = [:]
        var values: [Key: DecodedBasis] = [:]
    }

    private let state: Mutex<State>
    private let capacity: Int

    init(uses cases: [StatisticCase], capacity: Int) {
        var remaining: [Key: Int] = [:]
        for key in cases.compactMap(Key.init) { remaining[key, default: 0] += 1 }
        state = Mutex(State(remainingUses: remaining))
        self.capacity = capacity
    }

    /// The kept value, or that of `compute`. Two tasks that come at once may both compute: they get equal values.
    func value(for statistic: StatisticCase, compute: () throws -> DecodedBasis) rethrows -> DecodedBasis {
        guard let key = Key(statistic) else { return try compute() }
        let (kept, remaining) = state.withLock { state in
            let remaining = max(0, (state.remainingUses[key] ?? 1) - 1)
            state.remainingUses[key] = remaining
            return (remaining == 0 ? state.values.removeValue(forKey: key) : state.values[key], remaining)
        }
        if let kept { return kept }
        let value = try compute()
        if remaining > 0 {
            state.withLock { state in
                if state.values.count < capacity && (state.remainingUses[key] ?? 0) > 0 { state.values[key] = value }
            }
        }
        return value
    }
}
