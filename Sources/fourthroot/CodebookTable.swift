import ArgumentParser
import Files
import Quantization

/// A codebook's values, or its curve x → Q(x).
struct CodebookTable: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "codebook", abstract: "Print a codebook's values, or the curve x → Q(x), as CSV.")

    @Option(help: "Codebook.")
    var codebook: CodebookName

    @Option(help: "Bits of a code, 2 to 8.")
    var bits: Int

    @Flag(help: "The curve on 2001 points of [-1, 1].")
    var curve = false

    @OptionGroup var output: OutputOptions

    func run() throws {
        let chosen: Codebook
        do {
            chosen = try Codebook(codebook, bits: bits)
        } catch {
            throw StatusError.usage("--bits \(bits): \(error)")
        }
        try output.write(curve ? curveText(chosen) : tableText(chosen))
    }

    /// The midpoint is that to the next value; the last code has none.
    private func tableText(_ codebook: Codebook) -> String {
        let midpoints = codebook.midpoints.map { "\($0)" } + [""]
        return CSV.record(TableDescription.codebook.columns.map(\.name))
            + codebook.values.indices.map { CSV.record(["\($0)", "\(codebook.values[$0])", midpoints[$0]]) }.joined()
    }

    private func curveText(_ codebook: Codebook) -> String {
        CSV.record(TableDescription.codebookCurve.columns.map(\.name))
            + (-1000...1000).map { step in
                let x = Float(step) / 1000
                let code = ReferenceCodec.nearestCode(x, codebook)
                return CSV.record(["\(x)", "\(codebook.values[Int(code)])"])
            }.joined()
    }
}
