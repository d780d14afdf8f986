/// How one side of a preconditioner lives through training: what is kept, how it is updated and how its root is taken.
public struct PreconditionerScheme: Sendable, Equatable, Codable {
    public let statistic: StatisticStorage
    public let root: RootStorage
    /// β: A ← βA + (1 − β)M. With 1 moments accumulate, A ← A + M.
    public let decay: Double
    /// ε: A(0) = εI unless it begins at zero, and the root is of A + ε·λmax·I.
    ///
    /// For storages that keep A + δI see `shift`.
    public let damping: Double
    /// p of A^(-p).
    public let exponent: Double
    public let solver: RootSolver
    /// For storages that are factored; `subspace` for the others, which need none.
    public private(set) var updateDecomposition: UpdateDecomposition
    /// Steps of subspace iteration at an update.
    public let subspaceSteps: Int
    /// t₁: Björck steps on decoded eigenvectors before an update.
    public let updateRectificationSteps: Int
    /// t₂: Björck steps on decoded eigenvectors, decoded afresh, before a root.
    public let rootRectificationSteps: Int
    /// βe of error feedback, as `cholesky` has it: E ← βe·E + (1 − βe)·(C + E − D(C̄)), with C + E coded in C's place; nil for no error feedback.
    public let errorFeedbackDecay: Double?
    /// What is added before a storage takes a factor of A + δI; nil for the relative shift, so that settings written before there was a
    /// choice read as they did.
    public let shift: StatisticShift?
    /// Whether A(0) = 0; nil for false, so that settings written before there was a choice read as they did.
    public let beginsAtZero: Bool?
    /// τ: eigenvectors stay as they are where ‖offdiag(VᵀAV)‖F ≤ τ‖VᵀAV‖F; nil to renew them always, without asking.
    public private(set) var refreshThreshold: Double?
    /// At most so many steps of power iteration and of Schur–Newton.
    public let iterations: Int
    /// Whether Schur–Newton's damping stays in a statistic that is kept as it is, exact or below the smallest coded order:
    /// A ← A + ε·λmax·I at every root, which decays with β.
    ///
    /// The published code does so, adding in place; the mathematics asks for false. After the four roots of the reference's
    /// trace, ‖ΔW‖/‖W − W₀‖ against the published code is at most 2.4e-5 with it and 3.7e-4 without it; the published code
    /// itself moves by 2e-5 where the gradients change by 1e-6.
    public let retainsDamping: Bool
    /// Whether a statistic is also kept as it was before it was last coded, for dumps; those bytes are not the optimizer's.
    public let keepsUncodedStatistic: Bool
    /// What is of smaller order stays uncoded: 64, since the published code leaves alone what has fewer than 4096 entries.
    public let smallestCodedOrder: Int
    /// For eigenvalues that coding made negative, where the solver is `eigen`.
    public let indefinite: IndefiniteRule

    /// As published.
    public static let usualSmallestCodedOrder = 64

    /// - Parameter solver: nil for `factored` where the statistic comes back by its factors, `schur-newton` otherwise, as published.
    /// - Throws: `PreconditionerSchemeError`.
    public init(
        statistic: StatisticStorage, root: RootStorage, decay: Double = 0.95, damping: Double = 1e-6,
        exponent: Double = 0.25, solver: RootSolver? = nil, updateDecomposition: UpdateDecomposition = .subspace,
        updateRectificationSteps: Int = 1, rootRectificationSteps: Int = 4, errorFeedbackDecay: Double? = nil,
        shift: StatisticShift? = nil, iterations: Int = 10, retainsDamping: Bool = true, keepsUncodedStatistic: Bool = false,
        smallestCodedOrder: Int = usualSmallestCodedOrder, indefinite: IndefiniteRule = .absolute, beginsAtZero: Bool = false,
        refreshThreshold: Double? = nil, subspaceSteps: Int = 1
    ) throws(PreconditionerSchemeError) {
        self.statistic = statistic
        self.root = root
        self.decay = decay
        self.damping = damping
        self.exponent = exponent
        self.solver = solver ?? statistic.traits.defaultSolver
        self.updateDecomposition = updateDecomposition
        self.subspaceSteps = subspaceSteps
        self.updateRectificationSteps = updateRectificationSteps
        self.rootRectificationSteps = rootRectificationSteps
        self.errorFeedbackDecay = errorFeedbackDecay
        self.shift = shift == .relative ? nil : shift
        self.beginsAtZero = beginsAtZero ? true : nil
        self.refreshThreshold = refreshThreshold
        self.iterations = iterations
        self.retainsDamping = retainsDamping
        self.keepsUncodedStatistic = keepsUncodedStatistic
        self.smallestCodedOrder = smallestCodedOrder
        self.indefinite = indefinite
        try validate()
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            statistic: values.decode(StatisticStorage.self, forKey: .statistic),
            root: values.decode(RootStorage.self, forKey: .root), decay: values.decode(Double.self, forKey: .decay),
            damping: values.decode(Double.self, forKey: .damping),
            exponent: values.decode(Double.self, forKey: .exponent),
            solver: values.decode(RootSolver.self, forKey: .solver),
            updateDecomposition: values.decode(UpdateDecomposition.self, forKey: .updateDecomposition),
            updateRectificationSteps: values.decode(Int.self, forKey: .updateRectificationSteps),
            rootRectificationSteps: values.decode(Int.self, forKey: .rootRectificationSteps),
            errorFeedbackDecay: values.decodeIfPresent(Double.self, forKey: .errorFeedbackDecay),
            shift: values.decodeIfPresent(StatisticShift.self, forKey: .shift),
            iterations: values.decode(Int.self, forKey: .iterations),
            retainsDamping: values.decode(Bool.self, forKey: .retainsDamping),
            keepsUncodedStatistic: values.decode(Bool.self, forKey: .keepsUncodedStatistic),
            smallestCodedOrder: values.decode(Int.self, forKey: .smallestCodedOrder),
            indefinite: values.decode(IndefiniteRule.self, forKey: .indefinite),
            beginsAtZero: values.decodeIfPresent(Bool.self, forKey: .beginsAtZero) ?? false,
            refreshThreshold: values.decodeIfPresent(Double.self, forKey: .refreshThreshold),
            // Settings written before there was a choice have none.
            subspaceSteps: values.decodeIfPresent(Int.self, forKey: .subspaceSteps) ?? 1)
    }

    /// The same with another way to renew eigenvectors at an update, and another threshold of it.
    func with(updateDecomposition: UpdateDecomposition, refreshThreshold: Double?) -> PreconditionerScheme {
        var scheme = self
        scheme.updateDecomposition = updateDecomposition
        scheme.refreshThreshold = refreshThreshold
        return scheme
    }

    /// What A(0) has on its diagonal. Not every storage can keep zero: half of what counts as vanished in float32 stands for it,
    /// of which no root is taken and which is nothing beside any gradient.
    var initialValue: Double { beginsAtZero == true ? Double(Preconditioning.vanishingMagnitude(Float.self)) / 2 : damping }

    /// 1 − β, or 1 where moments accumulate.
    var momentWeight: Double { decay == 1 ? 1 : 1 - decay }

    /// Whether a side of this order keeps the root 1: that of a remainder of one row or column, by Schur–Newton.
    ///
    /// The published code returns 1 for a matrix of order 1 before it iterates, in place of λ^(-p); its closed form for
    /// eigenvectors has no such exception, nor have `eigen` and `factored` here. Beside blocks of larger order it is the
    /// block's weight in its parameter's step that differs: a statistic of 1e-6 gives the weight 1, not 32.
    func keepsUnitRoot(order: Int) -> Bool { order == 1 && solver == .schurNewton }

    /// The root's storage for a side of this order.
    public func rootStorage(order: Int) -> RootStorage {
        order < smallestCodedOrder ? root.definition.uncodedRoot : root
    }

    private func validate() throws(PreconditionerSchemeError) {
        func require(_ holds: Bool, _ name: String, _ value: Any, _ range: String) throws(PreconditionerSchemeError) {
            if !holds { throw PreconditionerSchemeError("\(name) \(value): it must be \(range)") }
        }
        try require(decay >= 0 && decay <= 1, "decay", decay, "between 0 and 1")
        // Inside what float32 holds, with room for ε·λmax.
        try require(damping >= 1e-30 && damping <= 1e30, "damping", damping, "from 1e-30 to 1e30")
        try require(exponent > 0 && exponent <= 16, "exponent", exponent, "positive and at most 16")
        try require((1...100).contains(subspaceSteps), "subspace-steps", subspaceSteps, "1 to 100")
        try require((0...1000).contains(updateRectificationSteps), "rectify-update", updateRectificationSteps, "0 to 1000")
        try require((0...1000).contains(rootRectificationSteps), "rectify-root", rootRectificationSteps, "0 to 1000")
        try require((1...10_000).contains(iterations), "iterations", iterations, "1 to 10000")
        try require(smallestCodedOrder >= 0, "smallest coded order", smallestCodedOrder, "0 or more")
        if let decay = errorFeedbackDecay {
            try require(decay >= 0 && decay <= 1, "error-feedback-decay", decay, "between 0 and 1")
            try requireTrait(\.takesErrorFeedback, "error-feedback-decay \(decay)")
        }
        if let threshold = refreshThreshold {
            try require(threshold >= 0 && threshold <= 1, "refresh-threshold", threshold, "between 0 and 1")
        }
        if let shift { try requireTrait(\.isShifted, "shift \(shift.rawValue)") }
        if solver == .factored { try requireTrait(\.comesBackFactored, "solver factored") }
        if root.traits.isShared { try requireTrait(\.keepsRoot, "root \(root.kind.rawValue)") }
        if updateDecomposition != .subspace {
            try requireTrait(\.isFactored, "update-decomposition \(updateDecomposition.rawValue)")
        }
        if subspaceSteps != 1 { try requireTrait(\.isFactored, "subspace-steps \(subspaceSteps)") }
        if solver == .schurNewton && rootOrder(exponent: exponent) == nil {
            throw PreconditionerSchemeError("solver schur-newton: exponent \(exponent) is not 1 over an integer")
        }
    }

    private func requireTrait(
        _ trait: KeyPath<StorageTraits, Bool>, _ option: String
    ) throws(PreconditionerSchemeError) {
        guard !statistic.traits[keyPath: trait] else { return }
        throw PreconditionerSchemeError("\(option): it needs statistic \(StatisticKind.names(where: trait))")
    }
}

/// A scheme that cannot be: which hyperparameter, its value and what it must be.
public struct PreconditionerSchemeError: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
