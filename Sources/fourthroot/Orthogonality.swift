import ArgumentParser
import Files
import MatrixStudy

/// What the loss of orthogonality of decoded eigenvectors does to powers.
struct Orthogonality: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Mean error of (V·Λ^s·Vᵀ)^(-1/s)·(V·Λ·Vᵀ) against I over Björck steps, as CSV (figure 3).")

    @Argument(help: "HDF5 file.")
    var input: String

    @Option(help: "Name or glob of matrices; may be repeated (default: every one).")
    var matrix: [String] = []

    @Option(help: "Björck steps (default 0:5).")
    var steps: String = "0:5"

    @Option(help: "The p of s = -p (default 1,0.25,0.1,0.05).")
    var exponent: String = "1,0.25,0.1,0.05"

    @Option(help: "Codebooks.")
    var codebook: String = "linear-2"

    @Option(help: "Bits of a code.")
    var bits: String = "4"

    @Option(help: "Entries that share a block maximum.")
    var block: String = "64"

    @OptionGroup var output: OutputOptions

    func run() throws {
        var grid = CaseGrid(statistic: [.eigenvector])
        grid.codebook = try words(codebook, axis: "--codebook")
        grid.bits = try integers(bits, axis: "--bits")
        grid.block = try integers(block, axis: "--block")
        grid.rectify = try integers(steps, axis: "--steps")
        grid.exponent = try numbers(exponent, axis: "--exponent")
        // The grid's own expansion checks every axis; of its cases the codings are wanted, each once.
        var codings: [CodingChoice] = []
        for case let coding? in try grid.cases().map(\.statistic.coding) where !codings.contains(coding) {
            codings.append(coding)
        }
        try output.requireWritable()
        try Probe.requireSound(input)
        let source = try StudyInput(path: input, selecting: matrix)
        for rejected in source.rejected { Terminal.report("error", "\(rejected)") }
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
                    "\(loss.coding.block)", "\(loss.steps)", "\(loss.exponent)", loss.meanError.map { "\($0)" } ?? "",
                    "\(loss.defect)",
                ])
            }
        }
        try output.write(text)
        if !source.rejected.isEmpty { throw ExitCode(ExitStatus.wrongData.rawValue) }
    }
}
