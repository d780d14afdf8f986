import Preconditioning
import Quantization

/// A case as the axes make it, each setting its value; nil where an axis does not apply, or has not had its turn.
struct CaseDraft: Sendable, Hashable {
    var contraction: Double?
    var damping: Double?
    var exponent: Double?
    var statistic: StatisticKind?
    var codebook: CodebookName?
    var bits: Int?
    var block: Int?
    var rectify: Int?
    var solver: RootSolver?
    var root: RootKind?
    var rootCodebook: CodebookName?
    var rootBits: Int?
    var rootBlock: Int?
    var reflectorLoop: ReflectorLoop?
    var targetError: Double?
    var budget: Double?
    var leak: Double?

    var codesStatistic: Bool { statistic?.traits.isCoded ?? false }
    /// Whether an error or a budget is to be reached.
    var hasGoal: Bool {
        statistic?.traits.hasVariableLength == true || root?.traits.hasVariableLength == true
    }
    var codesRoot: Bool { root?.traits.isCoded ?? false }
}

extension StudyCase {
    /// The case of a draft that all axes have gone through.
    init(_ draft: CaseDraft) {
        guard let damping = draft.damping, let exponent = draft.exponent, let kind = draft.statistic,
            let solver = draft.solver, let rootKind = draft.root
        else { preconditionFailure("a case without a value that every case has: \(draft)") }
        let goal = DeflationChoice(error: draft.targetError, bitsPerEntry: draft.budget, leak: draft.leak ?? 0)
        statistic = StatisticCase(
            contraction: draft.contraction, damping: damping, exponent: exponent, kind: kind,
            coding: CodingChoice(draft.codebook, draft.bits, draft.block), rectificationSteps: draft.rectify,
            reflectorLoop: draft.reflectorLoop, deflation: kind.traits.hasVariableLength ? goal : nil,
            // No solver takes a root that is there: it is one case, whatever the solvers of the grid.
            solver: rootKind.traits.isShared ? .eigen : solver)
        root = RootCase(
            kind: rootKind, coding: CodingChoice(draft.rootCodebook, draft.rootBits, draft.rootBlock),
            deflation: rootKind.traits.hasVariableLength ? goal : nil)
    }

    /// The draft that the case was made of.
    var draft: CaseDraft {
        let goal = statistic.deflation ?? root.deflation
        return CaseDraft(
            contraction: statistic.contraction, damping: statistic.damping, exponent: statistic.exponent,
            statistic: statistic.kind, codebook: statistic.coding?.codebook, bits: statistic.coding?.bits,
            block: statistic.coding?.block, rectify: statistic.rectificationSteps, solver: statistic.solver, root: root.kind,
            rootCodebook: root.coding?.codebook, rootBits: root.coding?.bits, rootBlock: root.coding?.block,
            reflectorLoop: statistic.reflectorLoop,
            targetError: goal?.error, budget: goal?.bitsPerEntry, leak: goal?.leak)
    }
}

extension CodingChoice {
    /// nil where nothing is coded.
    fileprivate init?(_ codebook: CodebookName?, _ bits: Int?, _ block: Int?) {
        guard let codebook, let bits, let block else { return nil }
        self.init(codebook: codebook, bits: bits, block: block)
    }
}
