import Preconditioning
import Quantization

// One rule: what is asked for and can have no effect is an error, since a study that ignored it would look like the one
// that was wanted. A grid of a preset may have no use for an axis that an option replaces.

/// A value that was asked for and that no case takes.
public struct UnusedValue: Sendable {
    public let axis: StudyAxis
    public let value: String
    /// What it has no use without.
    public let need: String
}

extension StudyPlan {
    /// A codebook, solver or root that is asked for and occurs in no case of any grid contradicts the other axes.
    func requireEveryChoiceUsed(_ cases: [StudyCase]) throws(PlanError) {
        let used = Set(cases.flatMap { [$0.statistic.coding, $0.root.coding] }.compactMap { $0?.codebook })
        if let unused = grids.flatMap(\.appliedCodebooks).first(where: { !used.contains($0) }) {
            throw PlanError("codebook \(unused.rawValue) does not apply: it needs \(unused.need)")
        }
        let solvers = Set(cases.map(\.statistic.solver))
        if let unused = grids.flatMap({ $0.solver ?? [] }).first(where: { $0 != .eigen && !solvers.contains($0) }) {
            throw PlanError("solver \(unused.rawValue) does not apply: it needs \(unused.need)")
        }
        let roots = Set(cases.map(\.root.kind))
        if let unused = grids.flatMap({ $0.root ?? [] }).first(where: { $0.traits.isShared && !roots.contains($0) }) {
            throw PlanError("root \(unused.rawValue) does not apply: it needs \(unused.need)")
        }
        if cases.isEmpty { throw PlanError("the axes leave no case to run") }
    }

    /// The names of the axes that grids name and that are of no use to any of them.
    public func unusedAxes() throws(PlanError) -> Set<String> {
        Set(grids.flatMap(\.givenAxes).map(\.axis.name)).subtracting(try usedValues().keys)
    }

    /// - Throws: `PlanError` where an axis that a grid names is of no use to any of the grids.
    public func requireEveryAxisUsed() throws(PlanError) {
        let unused = try unusedAxes()
        if let (axis, labels) = grids.flatMap(\.givenAxes).first(where: { unused.contains($0.axis.name) }) {
            let value = labels.first ?? ""
            throw PlanError("\(axis.name) \(value) does not apply: it needs \(axis.need(value))")
        }
    }

    /// The values of `axes`, which have replaced those of the grids, that occur in no case.
    ///
    /// - Throws: `PlanError`.
    public func unusedValues(of axes: CaseGrid) throws(PlanError) -> [UnusedValue] {
        let used = try usedValues()
        return axes.givenAxes.flatMap { axis, labels in
            labels.filter { !used[axis.name, default: []].contains($0) }
                .map { UnusedValue(axis: axis, value: $0, need: axis.need($0)) }
        }
    }

    /// Whether a case has a solver.
    public var usesArithmetic: Bool {
        get throws(PlanError) { try cases().contains { $0.solver != nil } }
    }

    /// Whether a case uses eigenvectors.
    public var usesDecomposition: Bool {
        get throws(PlanError) { try cases().contains { $0.statistic.needsDecomposition } }
    }

    /// The values of every axis that occur in cases, as plans have them.
    private func usedValues() throws(PlanError) -> [String: Set<String>] {
        var result: [String: Set<String>] = [:]
        for (grid, drafts) in try drafts() {
            for draft in drafts {
                for axis in StudyAxis.all { result[axis.name, default: []].formUnion(axis.used(draft, grid)) }
            }
        }
        return result.filter { !$0.value.isEmpty }
    }
}

extension CaseGrid {
    /// The codebooks of this grid that a coded storage takes.
    fileprivate var appliedCodebooks: [CodebookName] {
        let codesStatistic = (statistic ?? []).contains(where: \.traits.isCoded)
        let codesRoot = (root ?? []).contains(where: \.traits.isCoded)
        return (codesStatistic || (codesRoot && rootCodebook == nil) ? codebook ?? [] : [])
            + (codesRoot ? rootCodebook ?? [] : [])
    }
}
