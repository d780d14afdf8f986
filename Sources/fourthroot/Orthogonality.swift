import ArgumentParser
import Files
import MatrixStudy
import Quantization

/// What the loss of orthogonality of decoded eigenvectors does to powers.
struct Orthogonality: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Mean error of (V·Λ^s·Vᵀ)^(-1/s)·(V·Λ·Vᵀ) against I over Björck steps, as CSV (figure 3).")

    @OptionGroup var input: MatrixInputs

    @Option(help: ArgumentHelp("Björck steps.", valueName: "list"))
    var steps = ["0:5"]

    @Option(help: ArgumentHelp("The p of s = -p.", valueName: "list"))
    var exponent = ["1,0.25,0.1,0.05"]

    @Option(help: ArgumentHelp("Codebooks.", valueName: "list"), completion: .words(CodebookName.allCases.map(\.rawValue)))
    var codebook = [BlockCoding.defaultCodebook.rawValue]

    @Option(help: ArgumentHelp("Bits of a code.", valueName: "list"))
    var bits = ["\(BlockCoding.defaultBits)"]

    @Option(help: ArgumentHelp("Entries that share a block maximum.", valueName: "list"))
    var block = ["\(BlockCoding.defaultBlockSize)"]

    @OptionGroup var table: TableOptions

    func run() throws {
        var grid = CaseGrid(statistic: [.eigenvector])
        grid.codebook = try words(codebook.joined(separator: ","), axis: "--codebook")
        grid.bits = try integers(bits.joined(separator: ","), axis: "--bits")
        grid.block = try integers(block.joined(separator: ","), axis: "--block")
        grid.rectify = try integers(steps.joined(separator: ","), axis: "--steps")
        grid.exponent = try numbers(exponent.joined(separator: ","), axis: "--exponent")
        // The grid's own expansion checks every axis; of its cases the codings are wanted, each once.
        var codings: [CodingChoice] = []
        for case let coding? in try grid.cases().map(\.statistic.coding) where !codings.contains(coding) {
            codings.append(coding)
        }
        try StudyPlan(grids: [grid]).unusedValues(of: grid).map { OptionRule($0) }.check()
        try table.requireWritable(sparing: input.inputs)
        let start = ContinuousClock.now
        let source = try input.read(quiet: table.quiet)
        source.report(notes: !table.quiet)
        var rows: [[String]] = []
        for matrix in source.matrices {
            let losses = try source.orthogonalityLosses(
                of: matrix, codings: codings, steps: grid.rectify ?? [], exponents: grid.exponent ?? [])
            for loss in losses {
                rows.append([
                    matrix.source, matrix.name, "\(matrix.order)", loss.coding.codebook.rawValue, "\(loss.coding.bits)",
                    "\(loss.coding.block)", "\(loss.steps)", "\(loss.exponent)", CSV.field(loss.meanError),
                    CSV.field(loss.defect),
                ])
            }
        }
        try table.write(rows, of: TableDescription.orthogonality.columns, since: start)
        if !source.rejected.isEmpty { throw ExitCode(ExitStatus.wrongData.rawValue) }
    }
}
