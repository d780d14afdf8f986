import Files
import MatrixStudy

// The tables of what happens to matrices.

extension TableDescription {
    static let study = TableDescription(
        "study", row: "a case of a matrix", names: StudyRow.columns,
        own: [
            Column(
                "nre", .number, "‖X − R‖F/‖R‖F: R is A^(-p) by the reference, X what the storages give.",
                empty: "there is no root to compare"),
            Column("angle_degrees", .number, unit: "°", "Angle between X and R.", empty: "there is no root to compare"),
            Column(
                "nre_offdiagonal", .number, "nre with both diagonals removed.", empty: "no root, or R is diagonal"),
            Column(
                "angle_offdiagonal_degrees", .number, unit: "°", "angle_degrees with both diagonals removed.",
                empty: "no root, or R is diagonal"),
            Column("orthogonality_defect", .number, "max |VᵀV − I| of decoded eigenvectors V.", empty: "the storage has none"),
            Column("reference", .text, "What R is computed by: gsl, lapack or schur-newton."),
            Column(
                "reference_residual", .number, "‖R^(1/p)·A − I‖F/√n, or a bound as honest: the reference's own error.",
                empty: "there is no reference"),
            Column(
                "seconds", .number, unit: "s", "Time of the root, which cases with one statistic share, and of its coding."),
            Column(
                "bits_to_bound", .number, unit: "bit",
                "Bits an n² entry of all that is coded, less those of Shannon's bound for this nre.",
                empty: "nothing is coded, or the reference is no exact power"),
            Column(
                "offdiagonal_residual", .number, "‖offdiag(VᵀAV)‖F/‖VᵀAV‖F of the decoded eigenvectors V.",
                empty: "the storage has none"),
            Column("statistic_bits_per_entry", .number, unit: "bit", "8·statistic_bytes/n²."),
            Column("root_bits_per_entry", .number, unit: "bit", "8·root_bytes/n²."),
        ])

    /// What a shard's CSV has more, for `merge`.
    static let studyShard = TableDescription(
        "study --shard", row: "a case of a matrix; behind the columns of study",
        [
            Column("study", .text, "Fingerprint of the whole study: plan, inputs and version."),
            Column("shard", .text, "I/N: this shard, and how many there are."),
            Column("input", .integer, "Place of the file among the inputs, from 0."),
            Column("row", .text, "I/N: this row's place in the whole study, from 0, and how many rows there are."),
        ])

    static let recode = TableDescription(
        "recode", row: "a case of a matrix after an update", names: RecodeRow.columns,
        own: [
            Column("rounding", .text, "How entries become codes.", empty: "nothing is coded in blocks"),
            Column("update", .integer, "How many updates there have been."),
            Column(
                "statistic_bytes", .integer, unit: "byte", "What the statistic's storage keeps now.", empty: "it has failed"),
            Column("root_bytes", .integer, unit: "byte", "What the root's storage keeps now.", empty: "it has failed"),
            Column(
                "bits_per_entry", .number, unit: "bit", "8·(statistic_bytes + root_bytes)/(2n²), as in study.",
                empty: "a storage has failed"),
            Column(
                "pair_bits_per_entry", .number, unit: "bit", "Twice that: all bytes of the pair over n².",
                empty: "a storage has failed"),
            Column(
                "statistic_nre", .number, "Error of the statistic in use against the same updates without codes.",
                empty: "there is none"),
            Column(
                "nre", .number, "Error of the root in use against that of the statistic without codes.", empty: "there is none"),
            Column("seconds", .number, unit: "s", "Time of this update and its root."),
            Column("decay", .number, "β of A ← βA + (1 − β)M."),
            Column("rank", .integer, "Rank of M."),
            Column("seed", .integer, "Of M and of roundings."),
            Column("update_decomposition", .text, "How eigenvectors are renewed.", empty: "the statistic keeps none"),
            Column(
                "rectify_update", .integer, "Björck steps on decoded eigenvectors before an update.",
                empty: "none are coded as a matrix"),
            Column("arithmetic", .text, "Of updates and codes; the errors are taken in float64."),
        ])

    static let spectrum = TableDescription(
        "spectrum", row: "a singular value",
        names: [
            "source", "matrix", "order", "statistic", "codebook", "bits", "block", "rectify", "index", "singular_value",
            "contraction",
        ],
        own: [
            Column("statistic", .text, "Storage from which the matrix came back; exact is the matrix itself."),
            Column("index", .integer, "Place of the singular value, from 0, the largest."),
            Column("singular_value", .number, "Of the decoded matrix."),
        ])

    static let orthogonality = TableDescription(
        "orthogonality", row: "a power of a matrix's decoded eigenvectors",
        names: [
            "source", "matrix", "order", "codebook", "bits", "block", "steps", "exponent", "mean_error",
            "orthogonality_defect",
        ],
        own: [
            Column("codebook", .text, "Codebook of the eigenvectors."),
            Column("bits", .integer, "Bits of a code."),
            Column("block", .integer, "Entries that share a block maximum."),
            Column("steps", .integer, "Björck steps on the decoded eigenvectors V."),
            Column("exponent", .number, "p of s = -p."),
            Column(
                "mean_error", .number, "Mean magnitude of the entries of (V·Λ^s·Vᵀ)^(-1/s)·(V·Λ·Vᵀ) − I.",
                empty: "the power has no finite value"),
            Column("orthogonality_defect", .number, "max |VᵀV − I|.", empty: "not finite"),
        ])

    static let theory = TableDescription(
        "theory", row: "a statement about a matrix and a storage",
        names: [
            "source", "matrix", "order", "condition_number", "statement", "origin", "statistic", "codebook", "bits", "block",
            "rectify", "exponent", "setting", "premise", "left", "relation", "right", "slack", "holds",
        ],
        own: [
            Column("statement", .text, "Its name; `fourthroot theory --help` says what each states."),
            Column("origin", .text, "published, or own where the program must be right."),
            Column("statistic", .text, "Storage of the statistic.", empty: "the statement is about no storage"),
            Column("exponent", .number, "p of A^(-p).", empty: "the statement has none"),
            Column("setting", .text, "What else the statement was evaluated for.", empty: "nothing else"),
            Column("premise", .text, "yes if the statement's premise holds here, else no."),
            Column("left", .number, "Left side.", empty: "not finite"),
            Column("relation", .text, "Between the two sides."),
            Column("right", .number, "Right side.", empty: "not finite"),
            Column("slack", .number, "By how much the relation holds; negative where it does not.", empty: "not finite"),
            Column("holds", .text, "yes if the relation holds, rounding allowed for, else no."),
        ])
}
