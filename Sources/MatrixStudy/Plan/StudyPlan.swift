import Preconditioning

/// The decomposition that the errors are measured against.
public enum ReferenceSolver: String, Sendable, Codable, CaseIterable {
    /// GSL's, independent of the library that the storages use.
    case gsl
    /// LAPACK's: the storages' own, faster, and not independent of them.
    case lapack
}

/// What a study runs: grids of cases over the selected matrices.
public struct StudyPlan: Sendable, Equatable {
    public var grids: [CaseGrid]
    /// Names or globs; empty selects every matrix of the file.
    public var matrices: [String]
    public var reference: ReferenceSolver
    public var indefinite: IndefiniteRule

    public init(
        grids: [CaseGrid], matrices: [String] = [], reference: ReferenceSolver = .gsl,
        indefinite: IndefiniteRule = .absolute
    ) {
        self.grids = grids
        self.matrices = matrices
        self.reference = reference
        self.indefinite = indefinite
    }

    /// The cases of all grids in order, each once.
    ///
    /// - Throws: `PlanError` for a value out of range, and for a codebook or solver that no case admits.
    public func cases() throws(PlanError) -> [StudyCase] {
        var seen: Set<StudyCase> = []
        var result: [StudyCase] = []
        for grid in grids {
            for studyCase in try grid.expanded() where seen.insert(studyCase).inserted { result.append(studyCase) }
        }
        try requireEveryChoiceUsed(result)
        return result
    }

    /// The plan with every axis that `axes` names replaced in all grids.
    public func overridden(by axes: CaseGrid) -> StudyPlan {
        var result = self
        result.grids = grids.map { $0.overridden(by: axes) }
        return result
    }
}
