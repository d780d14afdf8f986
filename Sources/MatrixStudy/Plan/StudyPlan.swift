import Preconditioning

/// The decomposition that the errors are measured against.
public enum ReferenceSolver: String, Sendable, Codable, CaseIterable {
    /// GSL's, independent of the library that the storages use.
    case gsl
    /// LAPACK's: the storages' own, faster, and not independent of them.
    case lapack
    /// No decomposition, but what the optimizer computes: Schur–Newton in float32, ten steps. It is the reference of the
    /// tables of Wang et al. 2024, and no exact power: of A2 it misses the small eigenvalues' by 17 %.
    case schurNewton = "schur-newton"
}

/// The arithmetic of the solver that takes a root.
public enum Arithmetic: String, Sendable, CaseIterable {
    case float64
    /// That of the optimizer, with its estimate of λmax by power iteration.
    case float32
}

/// Where the eigenvalues and eigenvectors that storages keep come from.
public enum DecompositionSource: String, Sendable, CaseIterable {
    case lapack
    /// The data sets `eigenvectors` and `eigenvalues` beside the matrix.
    case file
}

/// What cases are made for.
public enum StudyPurpose: Sendable {
    /// To be coded once.
    case storing
    /// To be coded at every update: see `RecodePlan`.
    case recoding
}

/// What a study runs: grids of cases over the selected matrices.
public struct StudyPlan: Sendable, Equatable {
    public var grids: [CaseGrid]
    /// Names or globs; empty selects every matrix of the file.
    public var matrices: [String]
    public var reference: ReferenceSolver
    public var indefinite: IndefiniteRule
    public var arithmetic: Arithmetic
    public var decomposition: DecompositionSource
    /// What axes that are not given mean.
    let purpose: StudyPurpose

    public static let defaultReference = ReferenceSolver.gsl
    public static let defaultIndefinite = IndefiniteRule.absolute
    public static let defaultArithmetic = Arithmetic.float64
    public static let defaultDecomposition = DecompositionSource.lapack

    public init(
        grids: [CaseGrid], matrices: [String] = [], reference: ReferenceSolver = defaultReference,
        indefinite: IndefiniteRule = defaultIndefinite, arithmetic: Arithmetic = defaultArithmetic,
        decomposition: DecompositionSource = defaultDecomposition, purpose: StudyPurpose = .storing
    ) {
        self.grids = grids
        self.matrices = matrices
        self.reference = reference
        self.indefinite = indefinite
        self.arithmetic = arithmetic
        self.decomposition = decomposition
        self.purpose = purpose
    }

    /// More cases of a matrix are a slip of the pen.
    static let mostCases = 100_000

    /// The cases of all grids in order, each once.
    ///
    /// - Throws: `PlanError` for a value out of range, for more cases than a study can have, and for a codebook, solver or root
    ///   that no case admits.
    public func cases() throws(PlanError) -> [StudyCase] {
        var seen: Set<StudyCase> = []
        var result: [StudyCase] = []
        for (_, drafts) in try drafts() {
            for studyCase in drafts.map({ StudyCase($0) }) where seen.insert(studyCase).inserted { result.append(studyCase) }
        }
        try requireEveryChoiceUsed(result)
        try requireRootOrders(result)
        return result
    }

    /// What the axes of each grid make.
    func drafts() throws(PlanError) -> [(grid: CaseGrid, drafts: [CaseDraft])] {
        var left = StudyPlan.mostCases
        return try grids.map { grid throws(PlanError) in
            let drafts = try grid.drafts(defaults, limit: left)
            left -= drafts.count
            return (grid, drafts)
        }
    }

    /// The iteration takes roots of integer order.
    private func requireRootOrders(_ cases: [StudyCase]) throws(PlanError) {
        guard reference == .schurNewton else { return }
        if let exponent = cases.map(\.statistic.exponent).first(where: { rootOrder(exponent: $0) == nil }) {
            throw PlanError("reference schur-newton needs exponents that are 1 over an integer; \(exponent) is none")
        }
    }

    /// What an axis that is not given means beside the reference and the arithmetic.
    var defaults: CaseGrid.Defaults {
        // The optimizer damps by 1e-6, and its iteration is not run without.
        let damps = arithmetic == .float32 || reference == .schurNewton
        let exactSolver: RootSolver = reference == .schurNewton ? .schurNewton : .eigen
        switch purpose {
        case .storing:
            return CaseGrid.Defaults(
                damping: damps ? 1e-6 : 0, exactSolver: exactSolver, codedSolver: { _ in .eigen }, rectificationSteps: 1,
                leak: 0)
        case .recoding:
            // As in training, but for the exact power in place of an iteration whose own error would hide that of the codes.
            return CaseGrid.Defaults(
                damping: 1e-6, exactSolver: exactSolver, codedSolver: { $0.comesBackFactored ? .factored : .eigen },
                rectificationSteps: 4, leak: DeflationGoal.trainingLeak)
        }
    }

    /// The plan with every axis that `axes` names replaced in all grids.
    public func overridden(by axes: CaseGrid) -> StudyPlan {
        var result = self
        result.grids = grids.map { $0.overridden(by: axes) }
        return result
    }
}
