import Preconditioning
import Quantization

/// A plan that cannot be run, in words for its author.
public struct PlanError: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}

/// The lists of the axes of a grid, each of which is in `StudyAxis.all`; an axis that is nil takes its default.
public struct CaseGrid: Sendable, Equatable {
    public var statistic: [StatisticKind]?
    public var root: [RootKind]?
    public var codebook: [CodebookName]?
    public var bits: [Int]?
    public var block: [Int]?
    public var rootCodebook: [CodebookName]?
    public var rootBits: [Int]?
    public var rootBlock: [Int]?
    public var rectify: [Int]?
    public var reflectorLoop: [ReflectorLoop]?
    public var targetError: [Double]?
    public var budget: [Double]?
    public var leak: [Double]?
    public var solver: [RootSolver]?
    public var damping: [Double]?
    public var exponent: [Double]?
    /// log2 τ; nil studies the matrix as it is.
    public var contraction: [Double]?

    public init(
        statistic: [StatisticKind]? = nil, root: [RootKind]? = nil, codebook: [CodebookName]? = nil,
        bits: [Int]? = nil, block: [Int]? = nil, rectify: [Int]? = nil, solver: [RootSolver]? = nil,
        exponent: [Double]? = nil, contraction: [Double]? = nil, budget: [Double]? = nil
    ) {
        self.statistic = statistic
        self.root = root
        self.codebook = codebook
        self.bits = bits
        self.block = block
        self.rectify = rectify
        self.solver = solver
        self.exponent = exponent
        self.contraction = contraction
        self.budget = budget
    }

    /// Reads an axis from a list as the command line writes it.
    ///
    /// - Parameter title: how messages call the axis.
    /// - Throws: `PlanError`.
    public mutating func set(_ axis: StudyAxis, _ text: String, title: String) throws(PlanError) {
        try axis.parse(text, title, &self)
    }

    /// The grid with every axis that `other` names replaced by it.
    public func overridden(by other: CaseGrid) -> CaseGrid {
        StudyAxis.all.reduce(into: self) { $1.override(&$0, other) }
    }

    /// The values of every axis that was given, as they are written.
    public var givenAxes: [(axis: StudyAxis, labels: [String])] {
        StudyAxis.all.compactMap { axis in axis.labels(self).map { (axis, $0) } }
    }

    /// What an axis that is not given means where the plan decides it.
    struct Defaults: Sendable {
        let damping: Double
        /// The solver of an `exact` statistic: the reference's own, so that its rows show the root's storage alone.
        let exactSolver: RootSolver
        /// Of coded statistics.
        let codedSolver: @Sendable (StorageTraits) -> RootSolver
        /// Björck steps before a root.
        let rectificationSteps: Int
        let leak: Double
    }

    /// The product of the axes in the order of their table, without those that do not apply to a case.
    ///
    /// - Throws: `PlanError` for a value out of range, and for a codebook or solver that no case admits.
    public func cases() throws(PlanError) -> [StudyCase] { try StudyPlan(grids: [self]).cases() }

    /// The cases of the grid, without a look at whether every choice is used.
    ///
    /// - Throws: `PlanError` for a value out of range and for more than `limit` cases: more than anyone waits for, and than
    ///   memory holds, are a slip of the pen.
    func drafts(_ defaults: Defaults, limit: Int) throws(PlanError) -> [CaseDraft] {
        var drafts = [CaseDraft()]
        for axis in StudyAxis.all {
            if let problem = axis.problem(self) { throw PlanError(problem) }
        }
        for axis in StudyAxis.all {
            var next: [CaseDraft] = []
            for draft in drafts {
                next += axis.choices(draft, self, defaults)
                guard next.count <= limit else {
                    throw PlanError("the axes multiply to more than \(StudyPlan.mostCases) cases a matrix; split the study")
                }
            }
            drafts = next
        }
        return drafts
    }
}
