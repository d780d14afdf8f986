/// What a recommendation is to reach.
public enum StorageGoal: Sendable, Equatable {
    /// Every matrix has at most this NRE, in as few bytes as possible.
    case error(Double)
    /// The sum of NRE² over all matrices is least, in at most so many bytes, everything counted.
    case bytes(Int)
    /// The same in at most so many bits an entry: 8·bytes/(2·Σn²), as the study counts a statistic and its root.
    case bitsPerEntry(Double)
}

/// A goal that no choice of storages reaches.
public struct RecommendationError: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String
}

/// A storage for each unit.
public struct Recommendation: Sendable {
    public struct Choice: Sendable {
        public let unit: StorageUnit
        public let option: StorageOption
        /// Not where the goal is an error that no storage of the unit reaches; then this one comes nearest.
        public let isEnough: Bool

        /// Of a statistic and its root, on the average.
        public var bitsPerEntry: Double { 4 * Double(option.bytes) / Double(unit.entries) }
    }

    public let goal: StorageGoal
    public let choices: [Choice]
    /// Whether no other choice reaches the goal with fewer bytes, or with a smaller error.
    public let isProvenBest: Bool
    /// Of a budget: no choice has a smaller sum of NRE².
    public let leastSquaredErrors: Double?

    public var bytes: Int { choices.reduce(0) { $0 + $1.option.bytes } }
    public var entries: Int { choices.reduce(0) { $0 + $1.unit.entries } }
    /// Of statistics and roots in float32.
    public var exactBytes: Int { 8 * entries }
    public var bitsPerEntry: Double { 4 * Double(bytes) / Double(entries) }
    public var worstError: Double { choices.reduce(0) { max($0, $1.option.worstError) } }
    public var squaredErrors: Double { choices.reduce(0) { $0 + $1.option.squaredErrors } }

    /// - Throws: `RecommendationError` where a unit has no sound storage, or a budget is too small.
    public init(_ goal: StorageGoal, for units: [StorageUnit]) throws(RecommendationError) {
        for unit in units where unit.options.isEmpty {
            throw RecommendationError(
                description:
                    "\(unit.name): no candidate gives a sound root of all of its matrices (is one singular? try --damping)")
        }
        self.goal = goal
        let entries = units.reduce(0) { $0 + $1.entries }
        switch goal {
        case .error(let limit):
            choices = units.map { Recommendation.cheapest($0, within: limit) }
            (isProvenBest, leastSquaredErrors) = (true, nil)
        case .bytes, .bitsPerEntry:
            let budget = Recommendation.budget(goal, entries)
            let items = units.map { $0.options.map { BudgetAllocation.Item(bytes: $0.bytes, error: $0.squaredErrors) } }
            guard let allocation = BudgetAllocation(items, budget: budget) else {
                let least = units.reduce(0) { $0 + ($1.options.map(\.bytes).min() ?? 0) }
                throw RecommendationError(
                    description: "no choice of storages fits into \(budget) bytes: the smallest takes \(least), "
                        + "\(4 * Double(least) / Double(entries)) bits an entry")
            }
            choices = zip(units, allocation.choice).map { Choice(unit: $0, option: $0.options[$1], isEnough: true) }
            (isProvenBest, leastSquaredErrors) = (allocation.isProvenLeast, allocation.bound)
        }
    }

    private static func budget(_ goal: StorageGoal, _ entries: Int) -> Int {
        switch goal {
        case .bytes(let bytes): bytes
        case .bitsPerEntry(let bits): Int(min(bits * Double(entries) / 4, 0x1p62))
        case .error: 0
        }
    }

    private static func cheapest(_ unit: StorageUnit, within limit: Double) -> Choice {
        let order = { (a: StorageOption, b: StorageOption) in (a.bytes, a.worstError) < (b.bytes, b.worstError) }
        if let option = unit.options.filter({ $0.worstError <= limit }).min(by: order) {
            return Choice(unit: unit, option: option, isEnough: true)
        }
        guard let nearest = unit.options.min(by: { ($0.worstError, $0.bytes) < ($1.worstError, $1.bytes) }) else {
            preconditionFailure("a unit without options: \(unit.name)")
        }
        return Choice(unit: unit, option: nearest, isEnough: false)
    }
}
