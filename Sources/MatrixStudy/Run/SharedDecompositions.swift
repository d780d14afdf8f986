import CPUBackend
import MatrixCore
import Preconditioning

/// The decompositions that the cases of one matrix share over a contraction axis: those of the decoded A itself, one for each
/// storage that keeps entries.
///
/// Which cases share is a matter of the plan alone, so that a study gives the same rows in parts, in shards and on any number of
/// threads.
actor SharedDecompositions {
    private struct Key: Hashable {
        let kind: StatisticKind
        let coding: CodingChoice?

        /// nil for a case that has no use for another one's decomposition.
        init?(_ statistic: StatisticCase) {
            let traits = statistic.kind.traits
            guard statistic.contraction != nil, traits.isCoded, !traits.wantsDecomposition,
                statistic.solver == .eigen, statistic.damping == 0
            else { return nil }
            kind = statistic.kind
            coding = statistic.coding
        }
    }

    /// So many are held at a time, three matrices each.
    private static let capacity = 2

    private let entries: Matrix<Double>
    private let permits: Permits
    private var remainingUses: [Key: Int] = [:]
    private var decompositions: [Key: Task<SharedDecomposition?, any Error>] = [:]

    /// - Parameters:
    ///   - all: the cases of the plan. A root that is coded is taken from a decomposition of its own: a last digit may decide
    ///     a code.
    ///   - wanted: those that will be asked for.
    init(_ entries: Matrix<Double>, all: [StudyCase], wanted: [StatisticCase], permits: Permits) {
        self.entries = entries
        self.permits = permits
        var contractions: [Key: Set<Double>] = [:]
        var order: [Key] = []
        let codesRoot = Set(all.filter { !$0.root.kind.traits.isExact }.compactMap { Key($0.statistic) })
        for statistic in all.map(\.statistic) {
            guard let key = Key(statistic), !codesRoot.contains(key), let contraction = statistic.contraction else { continue }
            if contractions[key] == nil { order.append(key) }
            contractions[key, default: []].insert(contraction)
        }
        // The first of them pays for the decomposition.
        let shared = Set(order.filter { contractions[$0, default: []].count > 2 }.prefix(Self.capacity))
        for key in wanted.compactMap(Key.init) where shared.contains(key) { remainingUses[key, default: 0] += 1 }
    }

    /// That of a case's storage; nil where it shares none. The caller ends its use with `release`.
    func decomposition(for statistic: StatisticCase) async throws -> SharedDecomposition? {
        guard let key = Key(statistic), remainingUses[key] != nil else { return nil }
        if let known = decompositions[key] { return try await known.value }
        let (entries, permits) = (entries, permits)
        let task = Task {
            try await permits.holding { try? SharedDecomposition(decoding: entries, statistic) }
        }
        decompositions[key] = task
        return try await task.value
    }

    /// Ends one use; the decomposition is dropped after its last.
    func release(_ statistic: StatisticCase) {
        guard let key = Key(statistic), let uses = remainingUses[key] else { return }
        remainingUses[key] = uses - 1
        if uses == 1 { decompositions[key] = nil }
    }
}

extension SharedDecomposition {
    /// Of what a case's storage makes of a matrix as it is.
    ///
    /// - Throws: `QuantizationError`, `DecompositionError`.
    fileprivate init(decoding matrix: Matrix<Double>, _ statistic: StatisticCase) throws {
        let backend = CPUBackend<Double>()
        var whole = statistic
        whole.contraction = nil
        let decoded = try whole.studied(
            StudySubject(undecomposed: matrix), SharedVectors(uses: [], capacity: 0), backend
        ).decoded
        try self.init(decoded.matrix(backend))
    }
}
