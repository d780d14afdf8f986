import Testing

/// Whatever is misspelt, the message is one line that names it and the nearest that there is.
@Suite struct MisspellingTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.writeSoundFile()
        try folder.write("step,loss,validation_loss\n1,2,3\n2,1,2\n", to: "log.csv")
        try folder.write("matrix,nre\nleft/statistic,1\n", to: "rows.csv")
        try folder.write("grids:\n- statistc: full\n", to: "axis.yaml")
        try folder.write("grid:\n- statistic: full\n", to: "key.yaml")
        try folder.write("grids:\n- statistic: ful\n", to: "word.yaml")
        try folder.write(String(repeating: "abc ", count: 500), to: "a.txt")
    }

    private static let training = [
        "train", "--model", "gpt", "--dataset", "text", "--data", "a.txt", "--optimizer", "adamw", "--steps", "4",
        "--batch-size",
        "2", "--layers", "1", "--width", "16", "--heads", "2", "--context", "8", "--statistics-interval", "1",
        "--root-interval", "1",
    ]

    /// A command line, the status, what is misspelt and what it is near.
    static let slips: [(arguments: [String], status: Int32, word: String, meant: String)] = [
        // Commands and options.
        (["stduy", "a.h5"], 64, "stduy", "study"), (["benchmark", "cdec"], 64, "cdec", "codec"),
        (["help", "stduy"], 64, "stduy", "study"), (["--vesion"], 64, "--vesion", "--version"),
        (["study", "a.h5", "--bit", "4"], 64, "--bit", "--bits"),
        (["study", "a.h5", "--bit=4"], 64, "--bit", "--bits"),
        (["train", "--learningrate", "1"], 64, "--learningrate", "--learning-rate"),
        (["memory", "--batchsize", "1"], 64, "--batchsize", "--batch-size"),
        // Words of one value, and of lists.
        (["codebook", "--codebook", "linear2", "--bits", "4"], 64, "linear2", "linear-2"),
        (["quantize", "a.h5", "--codebook=liner"], 64, "liner", "linear"),
        (["study", "a.h5", "--statistic", "eigen"], 64, "eigen", "eigenvector"),
        (["study", "a.h5", "--statistic", "full,symetric"], 64, "symetric", "symmetric"),
        (["study", "a.h5", "--root", "of-diagonal"], 64, "of-diagonal", "offdiagonal"),
        (["study", "a.h5", "--root-codebook", "dynamictree"], 64, "dynamictree", "dynamic-tree"),
        (["study", "a.h5", "--solver", "newton"], 64, "newton", "schur-newton"),
        (["study", "a.h5", "--reflector-loop", "opn"], 64, "opn", "open"),
        (["study", "a.h5", "--preset", "paretto"], 64, "paretto", "pareto"),
        (["study", "a.h5", "--reference", "lapac"], 64, "lapac", "lapack"),
        (["study", "a.h5", "--arithmetic", "float46"], 64, "float46", "float64"),
        (["study", "a.h5", "--indefinite", "absolut"], 64, "absolut", "absolute"),
        (["study", "a.h5", "--decomposition", "flie"], 64, "flie", "file"),
        (["recode", "a.h5", "--rounding", "stochstic"], 64, "stochstic", "stochastic"),
        (["orthogonality", "a.h5", "--codebook", "linear1.5"], 64, "linear1.5", "linear-1.5"),
        (["theory", "a.h5", "--statement", "lema-2"], 64, "lema-2", "lemma-2"),
        (["theory", "a.h5", "--problem", "quadratc"], 64, "quadratc", "quadratic"),
        (["synthesize", "--order", "4", "--spectrum", "geometrc", "-o", "b.h5"], 64, "geometrc", "geometric"),
        (["memory", "--model", "restnet34", "--optimizer", "sgdm"], 64, "restnet34", "resnet34"),
        (["memory", "--model", "gpt", "--optimizer", "adamv"], 64, "adamv", "adamw"),
        (["plot", "log.csv", "-o", "a.svg", "--x", "step", "--y", "loss", "--log", "xyx"], 64, "xyx", "xy"),
        (["selftest", "--device", "cdua"], 64, "cdua", "cuda"),
        (["train", "--model", "gtp"], 64, "gtp", "gpt"), (["train", "--model", "resnet-20"], 64, "resnet-20", "resnet20"),
        (["train", "--model", "gpt", "--dataset", "cifar"], 64, "cifar", "cifar10"),
        (["train", "--model", "gpt", "--dataset", "text", "--optimizer", "sgd"], 64, "sgd", "sgdm"),
        (training + ["--preconditioner", "shampo"], 64, "shampo", "shampoo"),
        (training + ["--schedule", "cosin"], 64, "cosin", "cosine"),
        (training + ["--update-decomposition", "subspac"], 64, "subspac", "subspace"),
        (training + ["--precision", "bfloat"], 64, "bfloat", "bfloat16"),
        // Plans.
        (["study", "a.h5", "--plan", "axis.yaml"], 65, "statistc", "statistic"),
        (["study", "a.h5", "--plan", "key.yaml"], 65, "grid", "grids"),
        (["study", "a.h5", "--plan", "word.yaml"], 65, "ful", "full"),
        // Names in files: of matrices, globs, columns, parameters.
        (["study", "a.h5", "--matrix", "matirx"], 66, "matirx", "matrix"),
        (["quantize", "a.h5", "--matrix", "matrx", "-o", "b.h5"], 66, "matrx", "matrix"),
        (["plot", "rows.csv", "-o", "a.svg", "--matrix", "*/statitic"], 66, "*/statitic", "*/statistic"),
        (["plot", "log.csv", "-o", "a.svg", "--x", "setp", "--y", "loss"], 65, "setp", "step"),
        (["plot", "log.csv", "-o", "a.svg", "--x", "step", "--y", "validation-los"], 65, "validation-los", "validation_loss"),
        (["plot", "log.csv", "-o", "a.svg", "--x", "step", "--y", "loss", "--series", "sed,los"], 65, "sed", ""),
        (
            training + ["--statistic", "exact", "--dump", "d.h5", "--dump-every", "1", "--dump-parameter", "head.wieght"], 64,
            "head.wieght", "head.weight"
        ),
        // Files.
        (["study", "b.h5"], 66, "b.h5", ""), (["inspect", "a.h"], 66, "a.h", "a.h5"),
        (["plot", "lgo.csv", "-o", "a.svg"], 66, "lgo.csv", "log.csv"),
        (["study", "a.h5", "--plan", "axs.yaml"], 66, "axs.yaml", "axis.yaml"),
    ]

    @Test(arguments: slips) func theNearestIsNamed(
        _ arguments: [String], _ status: Int32, _ word: String, _ meant: String
    ) throws {
        let run = try folder.run(arguments)
        #expect(run.status == status, "\(run)")
        #expect(run.standardOutput.isEmpty)
        let lines = run.standardError.split(separator: "\n")
        #expect(lines.count == 1 && run.standardError.hasPrefix("fourthroot: error: "), "\(run.standardError)")
        #expect(run.standardError.contains(word), "\(run.standardError)")
        #expect(run.standardError.contains("did you mean '\(meant)'?") != meant.isEmpty, "\(run.standardError)")
    }

    /// What is wrong in another way is said in the same style, with what would be right.
    static let others: [(arguments: [String], words: [String])] = [
        (["study"], ["<input> is missing", "HDF5"]), (["train"], ["--model is missing: choose from mlp, resnet20"]),
        (["train", "--model", "gpt"], ["--dataset is missing: choose from cifar10"]),
        (["study", "a.h5", "--bits"], ["--bits has no value", "2 to 8"]),
        (["study", "a.h5", "--reference"], ["--reference has no value: choose from gsl"]),
        (["study", "a.h5", "--reference", "--resume"], ["--reference has no value"]),
        (["study", "a.h5", "--threads", "many"], ["--threads 'many' is not understood", "Cores"]),
        (["codebook", "--codebook", "linear", "--bits", "4", "more"], ["'more'", "fourthroot codebook --help"]),
        (["study", "a.h5", "-x"], ["'-x' is unknown", "fourthroot study --help"]),
        (["study", "a.h5", "--zzz\u{1B}[31m"], ["is unknown"]),
        (["study", "a.h5", "--resume", "--force"], ["--resume", "--force"]),
        (["study", "a.h5", "--statistic", "none of these"], ["choose from exact, full"]),
    ]

    @Test(arguments: others) func oneStyle(_ arguments: [String], _ words: [String]) throws {
        let run = try folder.run(arguments)
        #expect(run.status == 64 && run.standardOutput.isEmpty, "\(run)")
        #expect(run.standardError.hasPrefix("fourthroot: error: ") && !run.standardError.contains("\u{1B}"), "\(run)")
        #expect(run.standardError.split(separator: "\n").count == 1, "\(run)")
        for word in words { #expect(run.standardError.contains(word), "\(word): \(run.standardError)") }
    }
}
