import Files
import Training

// The tables of codebooks, trainings, memory and times, and the table of tables.

private let median = Column("seconds", .number, unit: "s", "The median of the times.")

private func timed(_ columns: String...) -> [String] { ["what", "seconds", "minimum_seconds", "maximum_seconds"] + columns }

extension TableDescription {
    static let codebook = TableDescription(
        "codebook", row: "a value",
        [
            Column("code", .integer, "The code, from 0, in the order of the values."),
            Column("value", .number, "What the code stands for, between −1 and 1."),
            Column("midpoint", .number, "Halfway to the next value, where the codes change.", empty: "the last code"),
        ])

    static let codebookCurve = TableDescription(
        "codebook --curve", row: "a point",
        [
            Column("x", .number, "What is coded, from −1 to 1."),
            Column("value", .number, "Q(x), the nearest value of the codebook."),
        ])

    static let trainingLog = TableDescription(
        "train", row: "a step of the training", names: LogRow.columns(groups: ["<group>"]),
        own: [
            Column("step", .integer, "From 1."),
            Column("epoch", .integer, "Passes through the training data before this step."),
            Column("loss", .number, "Of the step's batch, before the step."),
            Column("accuracy", .number, "Share of the batch that was right."),
            Column("learning_rate", .number, "Of this step."),
            Column("seconds", .number, unit: "s", "Since the start of the training, also over a resume."),
            Column("preconditioner_seconds", .number, unit: "s", "The part of it for statistics, roots and their use."),
            Column("samples_per_second", .number, "Of this step."),
            Column("validation_loss", .number, "Of the validation data.", empty: "steps that were not evaluated"),
            Column(
                "validation_accuracy", .number, "Share of the validation data that was right.",
                empty: "steps that were not evaluated"),
            Column("statistic_failures", .integer, "Updates of statistics that have failed so far."),
            Column("root_failures", .integer, "Roots that have failed so far."),
            Column(
                "nre:<group>", .number,
                "How far a group's roots in use are from those of a full-precision statistic (--shadow).",
                empty: "steps without a dump, or before the first root"),
            Column(
                "angle_degrees:<group>", .number, unit: "°", "The angle between the two.",
                empty: "steps without a dump, or before the first root"),
            Column(
                "peak_preconditioner_bytes", .integer, unit: "byte",
                "The most that preconditioners have taken so far; more than now where their length depends on what they keep."),
            Column("gradient_norm", .number, "The norm of the gradients of all parameters together, before they are clipped."),
            Column(
                "offdiagonal_residual", .number,
                "With --refresh-threshold: the largest ‖offdiag(VᵀAV)‖/‖VᵀAV‖ of kept eigenvectors V at the last update of a side."
            ),
        ])

    static let memory = TableDescription(
        "memory", row: "a parameter (--per-layer), then the whole model", names: MemoryTable.columns,
        own: memoryColumns)

    private static let total = "rows of parameters"

    private static let memoryColumns: [Column] =
        [
            Column("model", .text, "Name of the network."),
            Column("layer", .text, "Name of the parameter, or total."),
            Column("shape", .text, "Dimensions of the parameter.", empty: "the row of the whole model"),
            Column("entries", .integer, "Numbers that the parameter has."),
        ]
        + [
            ("parameters", "The parameters."), ("gradients", "Their gradients."),
            ("first_order", "State of the first-order rule."), ("statistic_codes", "Codes of statistics."),
            ("statistic_block_maxima", "Block maxima of statistics."),
            ("statistic_diagonals", "Diagonals and eigenvalues of statistics."),
            ("statistic_signs", "Sign bits of statistics."), ("statistic_exact", "Statistics that are not coded."),
            ("root_codes", "Codes of roots."), ("root_block_maxima", "Block maxima of roots."),
            ("root_diagonals", "Diagonals of roots."), ("root_exact", "Roots that are not coded."),
            ("statistics", "All of statistics."), ("roots", "All of roots."), ("preconditioners", "Statistics and roots."),
            ("optimizer", "Preconditioners and first-order state, the log's optimizer_state_bytes."),
            ("total", "Parameters, gradients and optimizer."),
        ].map { Column($0.0, .integer, unit: "byte", $0.1) }
        + [
            Column("preconditioners_mib", .number, unit: "MiB", "Preconditioners."),
            Column(
                "published_mib", .number, unit: "MiB", "What they took in the published run.",
                empty: "\(total), and settings that are not published"),
            Column(
                "deviation_percent", .number, unit: "%", "How much more is counted than published.",
                empty: "\(total), and settings that are not published"),
            Column(
                "gradient_buckets", .integer, unit: "byte", "Copies of gradients that are exchanged between devices.",
                empty: "\(total), and without --fits or --batch-size"),
            Column("batch_size", .integer, "--batch-size.", empty: "\(total), and without --batch-size"),
            Column(
                "activations", .integer, unit: "byte", "Activations of such a batch.",
                empty: "\(total), and without --batch-size"),
            Column(
                "total_with_activations", .integer, unit: "byte", "Everything together.",
                empty: "\(total), and without --batch-size"),
            Column(
                "largest_batch", .integer, "Sequences that fit into --fits.", empty: "\(total), and without --fits"),
        ]

    static let benchmarkStudy = TableDescription(
        "benchmark study", row: "a piece of work", names: timed(), own: [median])

    static let benchmarkCodec = TableDescription(
        "benchmark codec", row: "a piece of work", names: timed("bytes", "gigabytes_per_second", "share_of_copy"),
        own: [
            Column("seconds", .number, unit: "s", "The median time of a pass."),
            Column("bytes", .integer, unit: "byte", "All that a pass reads and writes."),
            Column("gigabytes_per_second", .number, unit: "GB/s", "bytes over seconds."),
            Column("share_of_copy", .number, "That rate over the copy's."),
        ])

    static let benchmarkOptimizer = TableDescription(
        "benchmark optimizer", row: "a kind of step", names: timed("bytes", "peak_device_bytes"),
        own: [median, Column("bytes", .integer, unit: "byte", "Statistics and roots of all parameters.")])

    static let benchmarkTrain = TableDescription(
        "benchmark train", row: "a kind of step",
        names: timed(
            "samples_per_second", "optimizer_state_bytes", "preconditioner_bytes", "peak_resident_bytes", "peak_device_bytes"),
        own: [median, Column("samples_per_second", .number, "Samples of a batch over seconds.")])

    static let columns = TableDescription(
        "columns", row: "a column",
        [
            Column("command", .text, "The command that writes it.", empty: "a column that no command writes"),
            Column("column", .text, "Its name; <group> stands for a group of parameters."),
            Column("type", .text, "text, integer or number; in a number, inf is infinity."),
            Column("unit", .text, "Of its numbers.", empty: "they have none"),
            Column("meaning", .text, "What it says.", empty: "a column that no command writes"),
            Column("empty", .text, "Where its fields are empty.", empty: "nowhere"),
        ])
}
