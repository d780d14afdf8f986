import MatrixCore

/// The reference roots of one matrix, for every contraction, damping and exponent while cases wait for it.
actor MatrixReference {
    /// What a target of the study is measured against.
    struct Target: Sendable {
        /// nil where there is no finite power.
        let root: Matrix<Double>?
        let conditionNumber: Double
        /// Whether rounding errors decide the root in some direction.
        let isIllConditioned: Bool
        let residual: Double?
        /// What Shannon says of codes of such roots; nil where the target is no exact power, or there is none.
        let rateBound: RateBound?
    }

    struct Key: Hashable {
        let contraction: Double?
        let damping: Double
        let exponent: Double

        init(_ statistic: StatisticCase) {
            contraction = statistic.contraction
            damping = statistic.damping
            exponent = statistic.exponent
        }
    }

    private let source: ReferenceSource
    private let permits: Permits
    private var remainingUses: [Key: Int] = [:]
    private var targets: [Key: Task<Target, any Error>] = [:]

    init(source: ReferenceSource, cases: [StatisticCase], permits: Permits) {
        self.source = source
        self.permits = permits
        for statistic in cases { remainingUses[Key(statistic), default: 0] += 1 }
    }

    /// The target of a case; the caller ends its use with `release`.
    func target(of statistic: StatisticCase, leastEigenvalue: Double) async throws -> Target {
        let key = Key(statistic)
        if let known = targets[key] { return try await known.value }
        let (source, permits) = (source, permits)
        let task = Task { try await source.target(key, leastEigenvalue: leastEigenvalue, permits) }
        targets[key] = task
        return try await task.value
    }

    /// Ends one use; the root is dropped after its last.
    func release(_ statistic: StatisticCase) {
        let key = Key(statistic)
        remainingUses[key, default: 1] -= 1
        if remainingUses[key] == 0 { targets[key] = nil }
    }
}
