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
    /// The bits an n² entry of all that the case codes, less those of Shannon's bound for the row's own error (`RateBound`); nil
    /// where nothing is coded, the error is none or zero, or the reference is no exact power. One bound serves both sides of a
    /// pair, for both are functions of one matrix.
    public var bitsToBound: Double?
    /// ‖offdiag(VᵀAV)‖F/‖VᵀAV‖F of the eigenvectors V that come back from the statistic's storage, those that it keeps or those
    /// of the root that it keeps; nil for the others.
    public var offdiagonalResidual: Double?

    /// The columns in the order in which they came; an axis that is not named here yet is the last.
    public static let columns = fixedColumns + StudyAxis.all.map(\.column).filter { !fixedColumns.contains($0) }

    private static let fixedColumns =
        firstColumns + DumpPlace.columns + ["statistic_bits_per_entry", "root_bits_per_entry"]

    private static let firstColumns = [
        "source", "matrix", "order", "condition_number", "contraction", "statistic", "root", "codebook", "bits", "block",
        "rectify", "solver", "damping", "exponent", "statistic_bytes", "root_bytes", "bits_per_entry", "nre",
        "angle_degrees", "nre_offdiagonal", "angle_offdiagonal_degrees", "orthogonality_defect", "minimum_eigenvalue",
        "outcome", "reference", "reference_residual", "seconds", "root_codebook", "root_bits", "root_block",
        "arithmetic", "decomposition", "reflector_loop", "target_nre", "target_bits_per_entry", "leak", "bits_to_bound",
        "offdiagonal_residual",
    ]

    /// Of the first version, which all later ones begin with.
    static let firstColumnCount = 27

    /// The fields in the order of `columns`.
    ///
    /// `codebook`, `bits` and `block` are the statistic's, or the root's where only that is coded. `arithmetic` is the solver's
    /// and empty where there is none; `decomposition` is empty where the case uses no eigenvectors.
    public var fields: [String] {
        let draft = studyCase.draft
        let settings = StudyAxis.all.map { ($0.column, $0.field(draft) ?? "") }
        let all = Dictionary(measured + settings, uniquingKeysWith: { first, _ in first })
        return StudyRow.columns.map { all[$0] ?? "" }
    }

    /// What no axis says.
    private var measured: [(column: String, field: String)] {
        let entries = Double(order) * Double(order)
        return Array(zip(DumpPlace.columns, DumpPlace.fields(ofMatrix: matrix))) + [
            ("source", source), ("matrix", matrix), ("order", "\(order)"), ("condition_number", CSV.field(conditionNumber)),
            ("statistic_bytes", "\(statisticBytes)"), ("root_bytes", "\(rootBytes)"),
            ("bits_per_entry", CSV.field(8 * Double(statisticBytes + rootBytes) / (2 * entries))),
            ("nre", CSV.field(comparison?.normwiseRelativeError)),
            ("angle_degrees", CSV.field(comparison?.angleDegrees)),
            ("nre_offdiagonal", CSV.field(comparison?.offdiagonalError)),
            ("angle_offdiagonal_degrees", CSV.field(comparison?.offdiagonalAngleDegrees)),
            ("orthogonality_defect", CSV.field(orthogonalityDefect)), ("minimum_eigenvalue", CSV.field(minimumEigenvalue)),
            ("outcome", outcome.rawValue), ("reference", reference.rawValue),
            ("reference_residual", CSV.field(referenceResidual)), ("seconds", CSV.field(seconds)),
            ("arithmetic", studyCase.solver == nil ? "" : arithmetic.rawValue),
            ("decomposition", studyCase.statistic.needsDecomposition ? decomposition.rawValue : ""),
            ("bits_to_bound", CSV.field(bitsToBound)), ("offdiagonal_residual", CSV.field(offdiagonalResidual)),
            ("statistic_bits_per_entry", CSV.field(8 * Double(statisticBytes) / entries)),
            ("root_bits_per_entry", CSV.field(8 * Double(rootBytes) / entries)),
        ]
    }
}
