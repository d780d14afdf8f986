import Preconditioning
import Quantization

/// What a study of recoding runs: grids of cases over the selected matrices, each with every rounding, over a course of updates.
public struct RecodePlan: Sendable {
    /// The cases without their roundings, the matrices, and what becomes of eigenvalues that are not positive; nothing else
    /// of it applies.
    public var storages: StudyPlan
    /// nil for the nearest code alone.
    public var roundings: [CodeRounding]?
    public var course: RecodeCourse

    public init(grids: [CaseGrid], roundings: [CodeRounding]? = nil, course: RecodeCourse) {
        storages = StudyPlan(grids: grids, purpose: .recoding)
        self.roundings = roundings
        self.course = course
    }

    /// - Throws: `PlanError`, also for a storage that no training could have.
    public func cases() throws(PlanError) -> [RecodeCase] {
        let roundings = roundings ?? [.nearest]
        guard !roundings.isEmpty else { throw PlanError("rounding: the list is empty") }
        var result: [RecodeCase] = []
        for storages in try storages.cases() {
            let codes = storages.statistic.kind.traits.isCoded || storages.root.kind.traits.isCoded
            let applied = codes ? roundings.map { Optional($0) } : [nil]
            result += applied.map { RecodeCase(storages: storages, rounding: $0) }
        }
        for recoded in result {
            do {
                _ = try recoded.scheme(course, storages.indefinite)
            } catch {
                throw PlanError("\(error)")
            }
        }
        return result
    }

    /// What two runs that give the same rows share, beside the input and the version.
    public func identity() throws(PlanError) -> [String] {
        [storages.indefinite.rawValue, storages.arithmetic.rawValue, "\(course)"] + (try cases().map { "\($0)" })
    }
}

/// A pair of storages and how they round.
public struct RecodeCase: Sendable, Hashable {
    public let storages: StudyCase
    /// nil where no block is coded.
    public let rounding: CodeRounding?

    /// The side of a preconditioner that is updated: as in training, but that small orders are coded, too, and that no damping
    /// stays in a statistic.
    ///
    /// - Throws: `PreconditionerSchemeError`, `QuantizationError`, `DeflationError`.
    func scheme(_ course: RecodeCourse, _ rule: IndefiniteRule) throws -> PreconditionerScheme {
        let statistic = storages.statistic
        return try PreconditionerScheme(
            statistic: statistic.storage(), root: storages.root.storage(), decay: course.decay, damping: statistic.damping,
            exponent: statistic.exponent, solver: statistic.solver,
            updateDecomposition: statistic.kind.traits.isFactored ? course.updateDecomposition : .subspace,
            updateRectificationSteps: course.updateRectificationSteps,
            rootRectificationSteps: statistic.rectificationSteps ?? 0, retainsDamping: false, smallestCodedOrder: 0,
            indefinite: rule)
    }
}
