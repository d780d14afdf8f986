import Files
import MatrixCore

/// One row of the study's CSV; a nil field is empty there.
public struct StudyRow: Sendable, Equatable {
    public var source: String
    public var matrix: String
    public var order: Int
    public var conditionNumber: Double?
    public var studyCase: StudyCase
    public var statisticBytes: Int
    public var rootBytes: Int
    public var comparison: RootComparison?
    public var orthogonalityDefect: Double?
    public var minimumEigenvalue: Double?
    public var outcome: Outcome
    public var reference: ReferenceSolver
    public var referenceResidual: Double?
    /// The time of the statistic's way to its root, shared by the rows that keep this root differently, and of the
    /// row's own coding and comparison.
    public var seconds: Double
    public var arithmetic: Arithmetic
    public var decomposition: DecompositionSource

    public static let columns = [
        "source", "matrix", "order", "condition_number", "contraction", "statistic", "root", "codebook", "bits", "block",
        "rectify", "solver", "damping", "exponent", "statistic_bytes", "root_bytes", "bits_per_entry", "nre",
        "angle_degrees", "nre_offdiagonal", "angle_offdiagonal_degrees", "orthogonality_defect", "minimum_eigenvalue",
        "outcome", "reference", "reference_residual", "seconds", "root_codebook", "root_bits", "root_block",
        "arithmetic", "decomposition",
    ]

    /// The fields in the order of `columns`.
    ///
    /// `codebook`, `bits` and `block` are the statistic's, or the root's where only that is coded. `arithmetic` is the solver's
    /// and empty where there is none; `decomposition` is empty where the case uses no eigenvectors.
    public var fields: [String] {
        let statistic = studyCase.statistic
        let coding = statistic.coding ?? studyCase.root.coding
        let bitsPerEntry = 8 * Double(statisticBytes + rootBytes) / (2 * Double(order) * Double(order))
        return [
            source, matrix, "\(order)", CSV.field(conditionNumber), CSV.field(statistic.contraction), statistic.kind.rawValue,
            studyCase.root.kind.rawValue, coding?.codebook.rawValue ?? "", CSV.field(coding?.bits), CSV.field(coding?.block),
            CSV.field(statistic.rectificationSteps), studyCase.solver?.rawValue ?? "", CSV.field(statistic.damping),
            CSV.field(statistic.exponent), "\(statisticBytes)", "\(rootBytes)", CSV.field(bitsPerEntry),
            CSV.field(comparison?.normwiseRelativeError), CSV.field(comparison?.angleDegrees),
            CSV.field(comparison?.offdiagonalError), CSV.field(comparison?.offdiagonalAngleDegrees),
            CSV.field(orthogonalityDefect), CSV.field(minimumEigenvalue), outcome.rawValue, reference.rawValue,
            CSV.field(referenceResidual), CSV.field(seconds), studyCase.root.coding?.codebook.rawValue ?? "",
            CSV.field(studyCase.root.coding?.bits), CSV.field(studyCase.root.coding?.block),
            studyCase.solver == nil ? "" : arithmetic.rawValue,
            statistic.needsDecomposition ? decomposition.rawValue : "",
        ]
    }
}
