/// What a method of preconditioning takes where nothing else is asked for.
public struct PreconditionerDefaults: Sendable, Equatable {
    public var statisticsInterval: Int
    public var rootInterval: Int
    public var largestOrder: Int
    public var decay: Double
    public var damping: Double
    public var exponent: Double
    /// Björck steps of `eigenvector` before an update and before a root.
    public var updateRectificationSteps: Int
    public var rootRectificationSteps: Int
    /// Steps of subspace iteration at an update, for storages by factors.
    public var subspaceSteps = 1
    /// Whether statistics begin at zero, not at εI.
    public var beginsAtZero = false
    /// Whether Schur–Newton's damping stays in an uncoded statistic.
    public var retainsDamping = true
    /// What is nil here the method does not have.
    public var own = MethodParameters()

    /// Source: Wang et al. 2024, appendix G.
    public static let shampoo = PreconditionerDefaults(
        statisticsInterval: 100, rootInterval: 500, largestOrder: 1200, decay: 0.95, damping: 1e-6, exponent: 0.25,
        updateRectificationSteps: 1, rootRectificationSteps: 4)
}
