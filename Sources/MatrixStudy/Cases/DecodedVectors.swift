import MatrixCore
import Synchronization

/// The decoded and rectified eigenvectors of one matrix, kept while further cases of a contraction, damping or solver axis need
/// the same ones. At most `capacity` are held; the rest is computed again.
final class DecodedVectors: Sendable {
    typealias Value = (vectors: Matrix<Double>, defect: Double)

    private struct Key: Hashable {
        let coding: CodingChoice
        let steps: Int
    }

    private struct State {
        var remainingUses: [Key: Int] = [:]
        var values: [Key: Value] = [:]
    }

    private let state: Mutex<State>
    private let capacity: Int

    init(uses cases: [StatisticCase], capacity: Int) {
        var remaining: [Key: Int] = [:]
        for statistic in cases where statistic.kind == .eigenvector {
            guard let coding = statistic.coding else { continue }
            remaining[Key(coding: coding, steps: statistic.rectificationSteps ?? 0), default: 0] += 1
        }
        state = Mutex(State(remainingUses: remaining))
        self.capacity = capacity
    }

    /// The kept value, or that of `compute`. Two tasks that come at once may both compute: they get equal values.
    func value(coding: CodingChoice?, steps: Int, compute: () throws -> Value) rethrows -> Value {
        guard let coding else { return try compute() }
        let key = Key(coding: coding, steps: steps)
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
