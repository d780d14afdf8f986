import Preconditioning
import Quantization

// One rule: what is asked for and can have no effect is an error, since a study that ignored it would look like the one
// that was wanted. A grid of a preset may have no use for an axis that an option replaces.

extension StudyPlan {
    /// A codebook or solver that is asked for and occurs in no case of any grid contradicts the other axes.
    func requireCodebooksAndSolversUsed(_ cases: [StudyCase]) throws(PlanError) {
        let used = Set(cases.flatMap { [$0.statistic.coding, $0.root.coding] }.compactMap { $0?.codebook })
        if let unused = grids.flatMap(\.appliedCodebooks).first(where: { !used.contains($0) }) {
            throw PlanError("codebook \(unused.rawValue)\(CaseGrid.condition(codebook: unused))")
        }
        let solvers = Set(cases.map(\.statistic.solver))
        if let unused = grids.flatMap({ $0.solver ?? [] }).first(where: { $0 != .eigen && !solvers.contains($0) }) {
            throw PlanError("solver \(unused.rawValue)\(CaseGrid.condition(solver: unused))")
        }
        if cases.isEmpty { throw PlanError("the axes leave no case to run") }
    }

    /// The axes that grids name and that are of no use to any of them.
    public var unusedAxes: Set<String> {
        Set(grids.flatMap(\.givenAxes).map(\.name)).subtracting(usedValues().keys)
    }

    /// - Throws: `PlanError` where an axis that a grid names is of no use to any of the grids.
    public func requireEveryAxisUsed() throws(PlanError) {
        let unused = unusedAxes
        if let axis = grids.flatMap(\.givenAxes).first(where: { unused.contains($0.name) }) {
            throw CaseGrid.unused(axis.name, axis.values.first ?? "")
        }
    }

    /// Every value of `axes`, which have replaced those of the grids, occurs in a case.
    ///
    /// - Throws: `PlanError`.
    public func requireEveryValueUsed(of axes: CaseGrid) throws(PlanError) {
        let used = usedValues()
        for axis in axes.givenAxes {
            if let value = axis.values.first(where: { !used[axis.name, default: []].contains($0) }) {
                throw CaseGrid.unused(axis.name, value)
            }
        }
    }

    /// - Throws: `PlanError` where no case has a solver.
    public func requireArithmeticUsed() throws(PlanError) {
        if try cases().allSatisfy({ $0.solver == nil }) {
            throw PlanError("arithmetic \(arithmetic.rawValue) does not apply: exact/exact has no solver")
        }
    }

    /// - Throws: `PlanError` where no case uses eigenvectors.
    public func requireDecompositionUsed() throws(PlanError) {
        if try !cases().contains(where: \.statistic.needsDecomposition) {
            throw PlanError(
                "decomposition \(decomposition.rawValue) does not apply: it needs a statistic that keeps eigenvectors")
        }
    }

    /// The values of every axis that occur in cases, as `givenAxes` writes them.
    private func usedValues() -> [String: Set<String>] {
        var result: [String: Set<String>] = [:]
        for grid in grids {
            for studyCase in grid.expanded(defaults) {
                for (axis, value) in grid.values(in: studyCase) { result[axis, default: []].insert(value) }
            }
        }
        return result
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

    /// The values that a case of this grid takes from its axes.
    fileprivate func values(in studyCase: StudyCase) -> [(axis: String, value: String)] {
        let statistic = studyCase.statistic
        var result = [
            ("statistic", statistic.kind.rawValue), ("root", studyCase.root.kind.rawValue),
            ("solver", statistic.solver.rawValue), ("damping", "\(statistic.damping)"),
            ("exponent", "\(statistic.exponent)"),
        ]
        if let contraction = statistic.contraction { result.append(("contraction", "\(contraction)")) }
        if let steps = statistic.rectificationSteps { result.append(("rectify", "\(steps)")) }
        if let coding = statistic.coding {
            result += [
                ("codebook", coding.codebook.rawValue), ("bits", "\(coding.bits)"), ("block", "\(coding.block)"),
            ]
        }
        if let coding = studyCase.root.coding {
            result += [
                (rootCodebook == nil ? "codebook" : "root-codebook", coding.codebook.rawValue),
                (rootBits == nil ? "bits" : "root-bits", "\(coding.bits)"),
                (rootBlock == nil ? "block" : "root-block", "\(coding.block)"),
            ]
        }
        return result
    }

    fileprivate static func unused(_ axis: String, _ value: String) -> PlanError {
        let condition =
            switch axis {
            case "codebook": CodebookName(rawValue: value).map { Self.condition(codebook: $0) } ?? ""
            case "solver": RootSolver(rawValue: value).map { Self.condition(solver: $0) } ?? ""
            case "bits", "block":
                " does not apply: it needs a coded statistic, or a coded root without a root-\(axis) of its own"
                    + (axis == "bits" ? ", and a codebook of so many bits" : "")
            case "root-codebook", "root-bits", "root-block":
                " does not apply: it needs a coded root" + (axis == "root-block" ? "" : ", and a codebook of so many bits")
            case "rectify": " does not apply: it needs statistic \(StatisticKind.names(where: \.isRectified))"
            default: " has no case: the codebook, bits and solver that are asked for do not apply to it"
            }
        return PlanError("\(axis) \(value)\(condition)")
    }

    fileprivate static func condition(codebook: CodebookName) -> String {
        let range = codebook.supportedBits
        return " does not apply: it needs a coded statistic or root, and \(range.lowerBound) to "
            + "\(range.upperBound) bits on the bits axis that applies to it"
    }

    fileprivate static func condition(solver: RootSolver) -> String {
        " does not apply: "
            + (solver == .factored
                ? "it needs statistic \(StatisticKind.names(where: \.isFactored))"
                : "it needs a coded statistic and an exponent that is 1 over an integer")
    }
}
