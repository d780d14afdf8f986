import MatrixCore
import MatrixSources

/// The matrices of one file: which there are, which are sound, and what is said of the rest.
public struct FileInput: Sendable {
    public internal(set) var matrices: [InputMatrix] = []
    /// Entries of a whole-file run that are matrices by their shape and cannot be studied.
    public internal(set) var rejected: [SourceError] = []
    /// What is left out without being wrong, a line each kind.
    public private(set) var notes: [String] = []
    /// Eigenvectors that a whole-file run or a glob leaves out: they belong to the matrix beside them.
    public private(set) var eigenvectors: [String] = []

    public let source: any MatrixSource
    /// The values of the only matrix, kept from its examination; of several, each is read again when its turn comes.
    var onlyValues: Matrix<Double>?
    /// The patterns, by their places, that take nothing of this file, and why.
    let unmatched: [Int: SourceError]

    /// Reads and checks every selected matrix once.
    ///
    /// - Parameters:
    ///   - patterns: names or globs, see `InputSelection`. Empty selects every square float entry; then unsound ones are
    ///     collected in `rejected`, otherwise they throw.
    ///   - place: the file's among the inputs.
    /// - Throws: `SourceError`.
    public init(_ source: any MatrixSource, selecting patterns: [String] = [], place: Int = 0) throws {
        self.source = source
        let isDump = (try? source.attribute("format", of: ""))?.string == "fourthroot"
        // The entries say so themselves where another file links to them or holds copies.
        let isOfDump = { (entry: MatrixEntry) in
            isDump || entry.failure == nil && (try? source.attribute("side", of: entry.name)) != nil
        }
        let selection = InputSelection(source, patterns: patterns, isOfDump: isOfDump)
        unmatched = selection.unmatched
        eigenvectors = selection.eigenvectors.map(\.name)
        var untouched = 0
        for entry in selection.taken {
            if !selection.named.contains(ExactName(entry.name)), isOfDump(entry), isBeforeFirstUpdate(entry) {
                untouched += 1
                continue
            }
            do {
                let (matrix, values) = try InputMatrix.examine(entry, of: source, file: place)
                onlyValues = matrices.isEmpty ? values : nil
                matrices.append(matrix)
            } catch let error as SourceError where patterns.isEmpty {
                rejected.append(error)
            }
        }
        if untouched > 0 {
            notes.append("left out \(untouched) matrices of a dump before their first update, which --matrix can name")
        }
        note(selection, isWholeFile: patterns.isEmpty)
    }

    /// Whether a dump says that no gradient has reached a matrix: it is the damping alone.
    private func isBeforeFirstUpdate(_ entry: MatrixEntry) -> Bool {
        entry.failure == nil && (try? source.attribute("updates", of: entry.name))?.integer == 0
    }

    /// Says what was left out. Names that lead to nothing are nobody's fault in this file; what is wrong with another file
    /// of matrices is.
    private mutating func note(_ selection: InputSelection, isWholeFile: Bool) {
        if !selection.derived.isEmpty {
            notes.append(
                "\(matrices.count) statistics of a training's dump; the \(selection.derived.count) matrices that the "
                    + "optimizer made of them are left out, unless --matrix names them or ends in their kind")
        }
        if !selection.leftOut.isEmpty { notes.append("left out: \(InputSelection.text(of: selection.leftOut))") }
        if !selection.isWhole {
            notes.append("links make more paths than can be matched; each data set is taken under one of them")
        }
        guard isWholeFile else { return }
        let harmless = source.unreached.filter(\.isHarmless)
        if !harmless.isEmpty {
            let shown = harmless.prefix(8).map { "\($0.name) \($0.error.problem)" }.joined(separator: ", ")
            notes.append(
                "links that lead to nothing: \(shown)\(harmless.count > 8 ? " and \(harmless.count - 8) more" : "")")
        }
        rejected += source.unreached.filter { !$0.isHarmless }.map(\.error)
    }

    /// - Throws: `SourceError` where there is no matrix, sound or not.
    func requireMatrix() throws(SourceError) {
        guard matrices.isEmpty && rejected.isEmpty else { return }
        let found = notes.isEmpty ? "'fourthroot inspect' lists what it holds" : notes.joined(separator: "; ")
        throw SourceError(.wrongData, file: source.path, "no square float32 or float64 data set in it; \(found)")
    }
}
