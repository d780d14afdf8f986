import Preconditioning

/// What happens to a statistic between its first coding and its last: A ← βA + (1 − β)M, so many times.
public struct RecodeCourse: Sendable, Equatable {
    public let updates: Int
    /// β; with 1 moments accumulate, A ← A + M.
    public let decay: Double
    /// R, the rank of M; nil for a quarter of the order.
    public let rank: Int?
    /// Of the moments, and of the noise of roundings.
    public let seed: UInt64
    /// A row every so many updates, and one for the last.
    public let every: Int
    /// Of storages by factors.
    public let updateDecomposition: UpdateDecomposition
    /// Björck steps on decoded eigenvectors before an update.
    public let updateRectificationSteps: Int

    /// - Throws: `PlanError` for a value out of range.
    public init(
        updates: Int = 50, decay: Double = 0.95, rank: Int? = nil, seed: UInt64 = 0, every: Int = 1,
        updateDecomposition: UpdateDecomposition = .eigen, updateRectificationSteps: Int = 1
    ) throws(PlanError) {
        guard (1...1_000_000).contains(updates) else { throw PlanError("updates \(updates): give 1 to 1000000") }
        guard decay >= 0 && decay <= 1 else { throw PlanError("decay \(decay): it must be between 0 and 1") }
        guard (0...1_000_000).contains(rank ?? 0) else { throw PlanError("rank \(rank ?? 0): give 0 to 1000000") }
        guard (1...1_000_000).contains(every) else { throw PlanError("every \(every): give 1 to 1000000") }
        guard (0...1000).contains(updateRectificationSteps) else {
            throw PlanError("rectify-update \(updateRectificationSteps): give 0 to 1000")
        }
        self.updates = updates
        self.decay = decay
        self.rank = rank
        self.seed = seed
        self.every = every
        self.updateDecomposition = updateDecomposition
        self.updateRectificationSteps = updateRectificationSteps
    }

    func rank(order: Int) -> Int { rank ?? (order + 3) / 4 }

    /// Whether an update, of 1 on, has a row.
    func hasRow(_ update: Int) -> Bool { update % every == 0 || update == updates }

    /// The rows of a case.
    public var rowCount: Int { (updates + every - 1) / every }
}
