import ArgumentParser
import Files
import MatrixSources
import MatrixStudy

/// Files of matrices, and which of their matrices are wanted.
struct MatrixInputs: ParsableArguments {
    @Argument(help: sourceHelp, completion: sourceCompletion)
    var inputs: [String]

    @Option(
        help: ArgumentHelp(
            "Name or glob of matrices, as '*attention*' or 'layer[0-3]*'; may be repeated (default: every one, of a "
                + "training's dump the statistics)."))
    var matrix: [String] = []

    func validate() throws {
        if Set(inputs).count < inputs.count { throw ValidationError("an input is given twice: name each file once") }
    }

    /// The matrices, read and checked.
    ///
    /// - Parameters:
    ///   - patterns: in place of `matrix`.
    ///   - quiet: whether nothing is said of what is left out.
    /// - Throws: `SourceError`.
    func read(selecting patterns: [String]? = nil, quiet: Bool) throws -> StudyInput {
        // Checking large files takes its time, and a terminal that shows nothing looks dead.
        let names = inputs.count == 1 ? printableText(inputs[0]) : "\(inputs.count) files"
        return try Terminal.showing("reading \(names)", isWanted: !quiet) {
            try StudyInput(inputs.map(openSource), selecting: patterns ?? matrix)
        }
    }
}
