import Preconditioning
import Quantization

/// The axes of a grid; an axis that is nil takes the default.
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
    public var solver: [RootSolver]?
    public var damping: [Double]?
    public var exponent: [Double]?
    /// log2 τ; nil studies the matrix as it is.
    public var contraction: [Double]?

    public init(
        statistic: [StatisticKind]? = nil, root: [RootKind]? = nil, codebook: [CodebookName]? = nil,
        bits: [Int]? = nil, block: [Int]? = nil, rectify: [Int]? = nil, solver: [RootSolver]? = nil,
        exponent: [Double]? = nil, contraction: [Double]? = nil
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
    }

    /// The grid with every axis that `other` names replaced by it.
    public func overridden(by other: CaseGrid) -> CaseGrid {
        var result = self
        func take<Value>(_ axis: WritableKeyPath<CaseGrid, Value?>) {
            if let values = other[keyPath: axis] { result[keyPath: axis] = values }
        }
        take(\.statistic)
        take(\.root)
        take(\.codebook)
        take(\.bits)
        take(\.block)
        take(\.rootCodebook)
        take(\.rootBits)
        take(\.rootBlock)
        take(\.rectify)
        take(\.solver)
        take(\.damping)
        take(\.exponent)
        take(\.contraction)
        return result
    }

    /// What an axis that is not given means where the plan decides it.
    struct Defaults {
        let damping: Double
        /// The solver of an `exact` statistic: the reference's own, so that its rows show the root's storage alone.
        let exactSolver: RootSolver
    }

    /// The product of the axes: contraction, damping and exponent outermost, then the statistic, then the root. Axes
    /// that do not apply to a storage do not multiply its cases.
    ///
    /// - Throws: `PlanError` for a value out of range, and for a codebook or solver that no case admits.
    public func cases() throws(PlanError) -> [StudyCase] { try StudyPlan(grids: [self]).cases() }

    /// The cases of a valid grid, without a look at whether every choice is used.
    func expanded(_ defaults: Defaults) -> [StudyCase] {
        var result: [StudyCase] = []
        for contraction in contraction.map({ $0.map(Optional.some) }) ?? [nil] {
            for damping in damping ?? [defaults.damping] {
                for exponent in exponent ?? [0.25] {
                    for statistic in statisticCases(contraction, damping, exponent, defaults.exactSolver) {
                        result += rootCases(beside: statistic).map { StudyCase(statistic: statistic, root: $0) }
                    }
                }
            }
        }
        return result
    }

    private func statisticCases(
        _ contraction: Double?, _ damping: Double, _ exponent: Double, _ exactSolver: RootSolver
    ) -> [StatisticCase] {
        var result: [StatisticCase] = []
        for kind in statistic ?? [.exact] {
            let traits = kind.traits
            let codings: [CodingChoice?] = traits.isCoded ? codings(codebook, bits, block) : [nil]
            let steps: [Int?] = traits.isRectified ? rectify ?? [1] : [nil]
            let solvers = traits.isCoded ? solver ?? [.eigen] : [exactSolver]
            for coding in codings {
                for step in steps {
                    for solver in solvers where !traits.isCoded || solver.applies(to: traits, exponent: exponent) {
                        result.append(
                            StatisticCase(
                                contraction: contraction, damping: damping, exponent: exponent, kind: kind,
                                coding: coding, rectificationSteps: step, solver: solver))
                    }
                }
            }
        }
        return result
    }

    /// A root is coded like the statistic beside it unless an axis of its own says otherwise.
    private func rootCases(beside statistic: StatisticCase) -> [RootCase] {
        (root ?? [.exact]).flatMap { kind -> [RootCase] in
            guard kind.traits.isCoded else { return [RootCase(kind: kind, coding: nil)] }
            let choices = codings(
                rootCodebook ?? statistic.coding.map { [$0.codebook] } ?? codebook,
                rootBits ?? statistic.coding.map { [$0.bits] } ?? bits,
                rootBlock ?? statistic.coding.map { [$0.block] } ?? block)
            return choices.map { RootCase(kind: kind, coding: $0) }
        }
    }

    private func codings(_ codebook: [CodebookName]?, _ bits: [Int]?, _ block: [Int]?) -> [CodingChoice] {
        var result: [CodingChoice] = []
        for name in codebook ?? [.linear2] {
            for count in bits ?? [4] where name.supportedBits.contains(count) {
                for size in block ?? [64] { result.append(CodingChoice(codebook: name, bits: count, block: size)) }
            }
        }
        return result
    }
}
