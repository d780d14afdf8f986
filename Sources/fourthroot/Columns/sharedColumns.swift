import Files

private let uncoded = "exact, or coded without blocks"

/// What a column says in every table that has it, unless the table has another word for it.
let sharedColumns: [Column] = [
    Column("source", .text, "Path of the file, as it was given."),
    Column("matrix", .text, "Name of the matrix: its path in the file, without a leading slash."),
    Column("order", .integer, "n of the n × n matrix."),
    Column(
        "condition_number", .number,
        "Largest over smallest magnitude of an eigenvalue, of the contracted matrix if it is contracted, before damping; inf for a "
            + "singular one.", empty: "no decomposition"),
    Column("contraction", .number, "log₂ τ of A(τ) = U·diag(τ(λ − λmin) + λmin)·Uᵀ.", empty: "not contracted"),
    Column("statistic", .text, "Storage of the statistic A."),
    Column("root", .text, "Storage of the root A^(-p)."),
    Column(
        "codebook", .text, "Codebook of the statistic, or of the root if that alone is coded.", empty: uncoded),
    Column("bits", .integer, "Bits of a code, of what `codebook` belongs to.", empty: uncoded),
    Column("block", .integer, "Entries that share a block maximum, of what `codebook` belongs to.", empty: uncoded),
    Column("rectify", .integer, "Björck steps on decoded eigenvectors before a root.", empty: "none are coded as a matrix"),
    Column("solver", .text, "How the root is taken from the decoded statistic.", empty: "statistic and root are exact"),
    Column("damping", .number, "ε of A + ε·λmax·I, whose root is taken; the reference has it too."),
    Column("exponent", .number, "p of A^(-p)."),
    Column(
        "statistic_bytes", .integer, unit: "byte", "All that the statistic's storage keeps: codes, maxima, diagonals, signs."),
    Column("root_bytes", .integer, unit: "byte", "The same of the root's; 0 if the statistic's storage serves as the root."),
    Column("bits_per_entry", .number, unit: "bit", "8·(statistic_bytes + root_bytes)/(2n²)."),
    Column("root_codebook", .text, "Codebook of the root.", empty: "the root is " + uncoded),
    Column("root_bits", .integer, "Bits of the root's codes.", empty: "the root is " + uncoded),
    Column("root_block", .integer, "Entries of the root that share a block maximum.", empty: "the root is " + uncoded),
    Column("arithmetic", .text, "Of the solver: float64, or float32 as in the optimizer.", empty: "there is no solver"),
    Column(
        "decomposition", .text, "Whose eigenvectors are coded: lapack's, or the file's.",
        empty: "the statistic needs no eigenvectors"),
    Column(
        "reflector_loop", .text, "closed if a reflector makes up for the codes of those before it; open if not.",
        empty: "no reflectors"),
    Column("target_nre", .number, "The error that a storage of variable length was to reach.", empty: "no such target"),
    Column("target_bits_per_entry", .number, unit: "bit", "The bits that it was allowed.", empty: "no such budget"),
    Column(
        "leak", .number, "How much finer it codes what would inflate small eigenvalues in updates, in units of the error.",
        empty: "the length is fixed"),
    Column("minimum_eigenvalue", .number, "Least eigenvalue of the decoded statistic.", empty: "none could be taken"),
    Column(
        "outcome", .text,
        "ok; not_converged; indefinite (an eigenvalue was not positive after decoding); ill_conditioned (singular to working "
            + "precision); failed (no finite root); not_positive_definite (no Cholesky factor to keep)."),
    Column("step", .integer, "Step of the training, of a matrix in a training's dump.", empty: "not of a dump"),
    Column("parameter", .text, "Name of the parameter, of a matrix in a training's dump.", empty: "not of a dump"),
    Column("block_row", .integer, "Row of the parameter's block, from 0.", empty: "not of a dump"),
    Column("block_column", .integer, "Column of the parameter's block, from 0.", empty: "not of a dump"),
    Column(
        "side", .text, "left (rows) or right (columns) of the block; mode_K, dimension K of a tensor of more.",
        empty: "not of a dump"),
    Column("what", .text, "What was timed."),
    Column("minimum_seconds", .number, unit: "s", "The least of the times."),
    Column("maximum_seconds", .number, unit: "s", "The greatest of the times."),
    Column("peak_resident_bytes", .integer, unit: "byte", "The most memory that the process has had so far."),
    Column(
        "peak_device_bytes", .integer, unit: "byte", "The most memory of the device in use at one time so far.",
        empty: "there is no device but the processor"),
    Column("optimizer_state_bytes", .integer, unit: "byte", "All that the optimizer keeps, preconditioners included."),
    Column("preconditioner_bytes", .integer, unit: "byte", "Statistics and roots as they are kept."),
]
