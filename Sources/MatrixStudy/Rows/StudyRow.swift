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

    public static let columns = [
        "source", "matrix", "order", "condition_number", "contraction", "statistic", "root", "codebook", "bits", "block",
        "rectify", "solver", "damping", "exponent", "statistic_bytes", "root_bytes", "bits_per_entry", "nre",
        "angle_degrees", "nre_offdiagonal", "angle_offdiagonal_degrees", "orthogonality_defect", "minimum_eigenvalue",
        "outcome", "reference", "reference_residual", "seconds", "root_codebook", "root_bits", "root_block",
    ]

    /// The fields in the order of `columns`.
    ///
    /// `codebook`, `bits` and `block` are the statistic's, or the root's where only that is coded.
    public var fields: [String] {
        let statistic = studyCase.statistic
        let coding = statistic.coding ?? studyCase.root.coding
        let bitsPerEntry = 8 * Double(statisticBytes + rootBytes) / (2 * Double(order) * Double(order))
        return [
            source, matrix, "\(order)", field(conditionNumber), field(statistic.contraction), statistic.kind.rawValue,
            studyCase.root.kind.rawValue, coding?.codebook.rawValue ?? "", field(coding?.bits), field(coding?.block),
            field(statistic.rectificationSteps), studyCase.solver?.rawValue ?? "", field(statistic.damping),
            field(statistic.exponent), "\(statisticBytes)", "\(rootBytes)", field(bitsPerEntry),
            field(comparison?.normwiseRelativeError), field(comparison?.angleDegrees),
            field(comparison?.offdiagonalError), field(comparison?.offdiagonalAngleDegrees),
            field(orthogonalityDefect), field(minimumEigenvalue), outcome.rawValue, reference.rawValue,
            field(referenceResidual), field(seconds), studyCase.root.coding?.codebook.rawValue ?? "",
            field(studyCase.root.coding?.bits), field(studyCase.root.coding?.block),
        ]
    }
}

private func field(_ value: Int?) -> String { value.map { "\($0)" } ?? "" }

/// The shortest decimal that reads back as the same number; infinity (the condition of a singular matrix) as `inf`.
private func field(_ value: Double?) -> String {
    guard let value, !value.isNaN else { return "" }
    return "\(value)"
}
