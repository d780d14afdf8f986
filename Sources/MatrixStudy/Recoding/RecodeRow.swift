import Files

/// One row of the CSV of a study of recoding: a case after an update.
public struct RecodeRow: Sendable {
    let matrix: InputMatrix
    /// Of A₀, contracted where the case contracts it.
    let conditionNumber: Double
    let recoded: RecodeCase
    let update: Int
    let measures: RecodeMeasures
    let course: RecodeCourse
    let arithmetic: Arithmetic

    public static let columns =
        ["source", "matrix", "order", "condition_number"] + storageColumns
        + [
            "rounding", "update", "statistic_bytes", "root_bytes", "bits_per_entry", "pair_bits_per_entry", "statistic_nre",
            "nre", "minimum_eigenvalue", "outcome", "seconds", "decay", "rank", "seed", "update_decomposition",
            "rectify_update", "arithmetic",
        ] + DumpPlace.columns

    /// The axes of the study, those first that its own CSV has first.
    private static let storageColumns: [String] = {
        let axes = StudyAxis.all.map(\.column)
        return StudyRow.columns.filter(axes.contains)
    }()

    /// The fields in the order of `columns`; empty where one does not apply.
    ///
    /// `bits_per_entry` is that of the study, of two matrices of n² entries; `pair_bits_per_entry` counts all bytes of the pair
    /// over n², twice as many.
    public var fields: [String] {
        let draft = recoded.storages.draft
        let settings = StudyAxis.all.map { ($0.column, $0.field(draft) ?? "") }
        let all = Dictionary(measured + settings, uniquingKeysWith: { first, _ in first })
        return RecodeRow.columns.map { all[$0] ?? "" }
    }

    private var measured: [(column: String, field: String)] {
        let traits = recoded.storages.statistic.kind.traits
        let bytes = measures.statisticBytes.flatMap { statistic in measures.rootBytes.map { statistic + $0 } }
        let bits = bytes.map { 8 * Double($0) / (Double(matrix.order) * Double(matrix.order)) }
        return Array(zip(DumpPlace.columns, DumpPlace.fields(ofMatrix: matrix.name))) + [
            ("source", matrix.source), ("matrix", matrix.name), ("order", "\(matrix.order)"),
            ("condition_number", CSV.field(conditionNumber)), ("rounding", recoded.rounding?.rawValue ?? ""),
            ("update", "\(update)"), ("statistic_bytes", measures.statisticBytes.map { "\($0)" } ?? ""),
            ("root_bytes", measures.rootBytes.map { "\($0)" } ?? ""), ("bits_per_entry", CSV.field(bits.map { $0 / 2 })),
            ("pair_bits_per_entry", CSV.field(bits)), ("statistic_nre", CSV.field(measures.statisticError)),
            ("nre", CSV.field(measures.rootError)), ("minimum_eigenvalue", CSV.field(measures.minimumEigenvalue)),
            ("outcome", measures.outcome.rawValue), ("seconds", CSV.field(measures.seconds)),
            ("decay", CSV.field(course.decay)), ("rank", "\(course.rank(order: matrix.order))"), ("seed", "\(course.seed)"),
            ("update_decomposition", traits.isFactored ? course.updateDecomposition.rawValue : ""),
            ("rectify_update", traits.isRectified ? "\(course.updateRectificationSteps)" : ""),
            ("arithmetic", arithmetic.rawValue),
        ]
    }
}
