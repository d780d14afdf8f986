import ArgumentParser
import Files
import MatrixStudy

/// What the loss of orthogonality of decoded eigenvectors does to powers.
struct Orthogonality: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Mean error of (V·Λ^s·Vᵀ)^(-1/s)·(V·Λ·Vᵀ) against I over Björck steps, as CSV (figure 3).")

    @Argument(help: sourceHelp, completion: sourceCompletion)
    var input: String

    @Option(help: "Name or glob of matrices; may be repeated (default: every one).")
    var matrix: [String] = []

    @Option(help: "Björck steps (default 0:5).")
    var steps: [String] = []

    @Option(help: "The p of s = -p (default 1,0.25,0.1,0.05).")
    var exponent: [String] = []

    @Option(help: "Codebooks (default linear-2).")
    var codebook: [String] = []

    @Option(help: "Bits of a code (default 4).")
    var bits: [String] = []

    @Option(help: "Entries that share a block maximum (default 64).")
    var block: [String] = []

    @OptionGroup var output: OutputOptions

    func run() throws {
        var grid = CaseGrid(statistic: [.eigenvector])
        grid.codebook = try wordList(codebook, axis: "--codebook")
        grid.bits = try integerList(bits, axis: "--bits")
        grid.block = try integerList(block, axis: "--block")
        grid.rectify = try integerList(steps, axis: "--steps") ?? Array(0...5)
        grid.exponent = try numberList(exponent, axis: "--exponent") ?? [1, 0.25, 0.1, 0.05]
        // The grid's own expansion checks every axis; of its cases the codings are wanted, each once.
        var codings: [CodingChoice] = []
        for case let coding? in try grid.cases().map(\.statistic.coding) where !codings.contains(coding) {
            codings.append(coding)
        }
        try StudyPlan(grids: [grid]).requireEveryValueUsed(of: grid)
        try output.requireWritable()
        let source = try StudyInput([openSource(input)], selecting: matrix)
        source.report()
        var text = CSV.record([
            "source", "matrix", "order", "codebook", "bits", "block", "steps", "exponent", "mean_error",
            "orthogonality_defect",
        ])
        for matrix in source.matrices {
            let losses = try source.orthogonalityLosses(
                of: matrix, codings: codings, steps: grid.rectify ?? [], exponents: grid.exponent ?? [])
            for loss in losses {
                text += CSV.record([
                    input, matrix.name, "\(matrix.order)", loss.coding.codebook.rawValue, "\(loss.coding.bits)",
                    "\(loss.coding.block)", "\(loss.steps)", "\(loss.exponent)", CSV.field(loss.meanError),
                    CSV.field(loss.defect),
                ])
            }
        }
        try output.write(text)
        if !source.rejected.isEmpty { throw ExitCode(ExitStatus.wrongData.rawValue) }
    }
}
