import ArgumentParser
import Quantization

/// A codebook's values, or its curve x → Q(x).
struct CodebookTable: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "codebook", abstract: "Print a codebook's values, or the curve x → Q(x).")

    @Option(help: "Codebook.")
    var codebook: CodebookName

    @Option(help: "Bits of a code, 2 to 8.")
    var bits: Int

    @Flag(help: "The curve on 2001 points of [-1, 1].")
    var curve = false

    @OptionGroup var table: TableOptions

    func run() throws {
        let chosen: Codebook
        do {
            chosen = try Codebook(codebook, bits: bits)
        } catch {
            throw StatusError.usage("--bits \(bits): \(error)")
        }
        let start = ContinuousClock.now
        let description: TableDescription = curve ? .codebookCurve : .codebook
        try table.requireWritable()
        try table.write(curve ? points(chosen) : values(chosen), of: description.columns, since: start)
    }

    /// The midpoint is that to the next value; the last code has none.
    private func values(_ codebook: Codebook) -> [[String]] {
        let midpoints = codebook.midpoints.map { "\($0)" } + [""]
        return codebook.values.indices.map { ["\($0)", "\(codebook.values[$0])", midpoints[$0]] }
    }

    private func points(_ codebook: Codebook) -> [[String]] {
        (-1000...1000).map { step in
            let x = Float(step) / 1000
            return ["\(x)", "\(codebook.values[Int(ReferenceCodec.nearestCode(x, codebook))])"]
        }
    }
}
