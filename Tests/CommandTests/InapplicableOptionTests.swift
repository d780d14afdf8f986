import Testing

/// An option that changes nothing beside the others is wrong usage, said by name with what it needs; so is an option of one
/// value that is given twice with different ones.
@Suite struct InapplicableOptionTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("not looked at", to: "trace.h5")
    }

    /// Options that contradict each other, and what the message must hold beside the first one's name.
    static let contradictions: [(options: [String], need: String)] = [
        (["--bits", "4", "--statistic", "exact", "--root", "exact"], "coded"),
        (["--block", "4", "--preconditioner", "caspr"], "coded"),
        (["--codebook", "linear", "--statistic", "exact"], "coded"),
        (["--root-bits", "4", "--statistic", "offdiagonal"], "coded root"),
        (["--root-block", "64", "--statistic", "eigenvector", "--root", "exact"], "coded root"),
        (["--root-codebook", "nf4", "--statistic", "cholesky"], "coded root"),
        (["--bits", "4", "--root", "symmetric", "--root-bits", "5"], "coded statistic"),
        (["--rectify-update", "1", "--statistic", "householder"], "eigenvector"),
        (["--rectify-root", "4", "--statistic", "cholesky"], "eigenvector"),
        (["--rectify-root", "0", "--statistic", "exact"], "eigenvector"),
        (["--update-decomposition", "subspace", "--statistic", "exact"], "eigenvector or householder"),
        (["--error-feedback-decay", "0.9", "--statistic", "symmetric"], "cholesky"),
        (["--shift", "absolute", "--statistic", "symmetric"], "cholesky"),
        (["--retain-damping", "--statistic", "eigenvector"], "schur-newton"),
        (["--retain-damping", "--statistic", "exact", "--solver", "eigen"], "schur-newton"),
        (["--shift", "relative"], "--preconditioner"), (["--rectify-root", "4"], "--preconditioner"),
        (["--decay", "0.9", "--preconditioner", "none"], "--preconditioner"),
    ]

    static let otherRules: [(rule: String, options: [String], need: String)] = [
        ("adamw", ["--momentum", "0.9"], "sgdm"), ("adagrad", ["--momentum", "0.9"], "sgdm"),
        ("nadamw", ["--nesterov"], "sgdm"), ("sgdm", ["--first-decay", "0.9"], "adamw or nadamw"),
        ("adagrad", ["--second-decay", "0.9"], "adamw or nadamw"), ("sgdm", ["--offset", "1e-8"], "adagrad"),
    ]

    private static func commands(_ rule: String) -> [[String]] {
        [
            ["replay", "trace.h5", "--optimizer", rule, "-o", "out.h5"],
            [
                "train", "--model", "gpt", "--dataset", "synthetic", "--optimizer", rule, "--steps", "2", "--batch-size", "2",
                "--log", "out.csv",
            ],
        ]
    }

    @Test(arguments: contradictions) func preconditioners(_ options: [String], _ need: String) throws {
        for command in Self.commands("sgdm") + [["memory", "--model", "resnet34", "--optimizer", "sgdm"]] {
            try folder.expectRefusal(
                command + options, status: 64, words: ["\(options[0]) does not apply", need])
        }
    }

    @Test(arguments: otherRules) func firstOrderRules(_ rule: String, _ options: [String], _ need: String) throws {
        for command in Self.commands(rule) {
            try folder.expectRefusal(
                command + options, status: 64, words: ["\(options[0]) does not apply", need])
        }
    }

    @Test func whatAppliesIsTaken() throws {
        for options in [
            ["--statistic", "exact", "--root", "symmetric", "--root-bits", "5", "--block", "32"],
            ["--statistic", "cholesky", "--shift", "absolute", "--bits", "8", "--error-feedback-decay", "0.9"],
            ["--statistic", "eigenvector", "--rectify-update", "0", "--rectify-root", "1", "--no-retain-damping"],
            ["--statistic", "offdiagonal", "--retain-damping", "--root", "full", "--codebook", "linear"],
            ["--statistic", "exact", "--solver", "eigen", "--no-retain-damping"],
        ] {
            try folder.succeed(["memory", "--model", "resnet34", "--optimizer", "sgdm"] + options)
        }
    }

    /// Options of the study that others leave nothing to do, and words that are none.
    static let studyOptions: [(options: [String], words: [String])] = [
        (["--force"], ["--force does not apply", "-o"]), (["--resume"], ["--resume does not apply", "-o"]),
        (["--cache", "kept", "--reference", "lapack"], ["--cache does not apply", "--reference gsl"]),
        (["--cache", "kept", "--no-cache"], ["--cache does not apply", "--no-cache"]),
        (["--print-plan", "-o", "out.csv"], ["--output does not apply", "--print-plan"]),
        (["--statistic", "full", "--rectify", "1"], ["--rectify 1 does not apply", "eigenvector"]),
        (["--reference", "gls"], ["gls", "gsl", "lapack", "schur-newton"]),
        (["--preset", "table2"], ["table2", "table1", "pareto"]),
        (["--statistic", "ful"], ["ful", "full", "offdiagonal"]),
    ]

    @Test(arguments: studyOptions) func study(_ options: [String], _ words: [String]) throws {
        try folder.expectRefusal(["study", "trace.h5"] + options, status: 64, words: words)
    }

    static let repeated: [(arguments: [String], words: [String])] = [
        (
            ["memory", "--model", "resnet34", "--model", "resnet50", "--optimizer", "sgdm"],
            ["--model", "resnet34", "resnet50"]
        ),
        (["codebook", "--codebook", "linear", "--bits", "4", "--bits=5"], ["--bits", "'4'", "'5'"]),
        (["codebook", "--codebook", "linear", "--bits", "4", "-o", "a.csv", "--output", "b.csv"], ["--output", "b.csv"]),
        (
            ["synthesize", "--spectrum", "geometric", "--condition", "4", "--condition-number", "5", "-o", "out.h5"],
            ["--condition", "'4'", "'5'"]
        ),
        (
            ["memory", "--model", "resnet34", "--optimizer", "sgdm", "--first-order-bits", "8", "--moment-bits", "4"],
            ["bits", "'8'", "'4'"]
        ),
        (["replay", "trace.h5", "--optimizer", "sgdm", "--lr", "1", "--learning-rate", "2", "-o", "out.h5"], ["'1'", "'2'"]),
        (["replay", "trace.h5", "--optimizer", "sgdm", "--weight-decay", "1", "--wd=2", "-o", "out.h5"], ["'1'", "'2'"]),
        (["replay", "trace.h5", "--optimizer", "sgdm", "--seed", "1", "--seed", "2", "-o", "out.h5"], ["--seed"]),
    ]

    @Test(arguments: repeated) func differentValues(_ arguments: [String], _ words: [String]) throws {
        try folder.expectRefusal(arguments, status: 64, words: words + ["twice"])
    }

    /// The same value again says nothing else; what collects values may be repeated; after -- nothing is an option.
    @Test func whatMayBeRepeated() throws {
        try folder.succeed(["codebook", "--codebook", "linear", "--bits", "4", "--bits", "4"])
        try folder.writeSoundFile()
        try folder.succeed([
            "study", "a.h5", "--no-cache", "--statistic", "full", "--matrix", "matrix", "--matrix", "m*", "--quiet",
        ])
        let run = try folder.run(["codebook", "--codebook", "linear", "--bits", "4", "--", "--bits", "5"])
        #expect(!run.standardError.contains("twice"))
    }
}
