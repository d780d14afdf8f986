import Files
import MatrixCore
import MatrixSources

/// Which entries of a file a command takes, and which it leaves out.
///
/// Without patterns each square one is taken once, of a training's dump the statistics. A pattern that names an entry
/// takes that one, whatever it is and whether or not its name holds a wildcard; one with wildcards takes the square
/// entries of every path that it matches, of a dump the statistics unless it ends in another kind.
struct InputSelection {
    /// To be examined, in the order of the file.
    private(set) var taken: [MatrixEntry] = []
    /// Square entries, and stacks of them, that are no matrices.
    private(set) var leftOut: [MatrixEntry] = []
    /// Matrices of a dump that the optimizer made of the statistics.
    private(set) var derived: [MatrixEntry] = []
    /// They belong to the matrix beside them.
    private(set) var eigenvectors: [MatrixEntry] = []
    /// The names of those that a pattern names.
    private(set) var named: Set<ExactName> = []
    /// Whether every path was held against the patterns; else a pattern took each entry once.
    private(set) var isWhole = true
    /// The patterns, by their places, that take nothing, and why.
    private(set) var unmatched: [Int: SourceError] = [:]

    private let isOfDump: (MatrixEntry) -> Bool

    /// - Parameter isOfDump: whether a training of ours has written an entry.
    init(_ source: any MatrixSource, patterns: [String], isOfDump: @escaping (MatrixEntry) -> Bool) {
        self.isOfDump = isOfDump
        if patterns.isEmpty {
            sort(source.entries, besides: FileInput.eigenvectorEntries(source.entries), keepsDerived: false)
            return
        }
        for (index, pattern) in patterns.enumerated() {
            if let named = source.entry(named: pattern) {
                taken.append(named)
                self.named.insert(ExactName(named.name))
            } else {
                unmatched[index] = take(Glob(String(Substring(pattern.utf8.drop { $0 == UInt8(ascii: "/") }))), source)
            }
        }
        (taken, leftOut) = (distinct(taken), distinct(leftOut))
        (derived, eigenvectors) = (distinct(derived), distinct(eigenvectors))
    }

    /// Takes what a pattern matches.
    ///
    /// - Returns: why that is nothing; else nil.
    private mutating func take(_ glob: Glob, _ source: any MatrixSource) -> SourceError? {
        let (below, isWhole) = glob.hasWildcards ? source.entries(below: glob.folder) : ([], true)
        self.isWhole = self.isWhole && isWhole
        let known = (isWhole ? [] : source.entries) + below
        var matching = known.filter { glob.matches($0.name) }
        if !isWhole {
            var objects: Set<Int> = []
            matching.removeAll { !objects.insert($0.object).inserted }
        }
        let former = (taken: taken.count, leftOut: leftOut.count)
        sort(
            matching, besides: FileInput.eigenvectorEntries(known),
            keepsDerived: InputSelection.derivedKinds.contains { glob.text.utf8.suffix($0.utf8.count).elementsEqual($0.utf8) })
        if taken.count > former.taken { return nil }
        let unsuitable = leftOut[former.leftOut...]
        let problem = "no \(glob.hasWildcards ? "matrix matches" : "data set is named") '\(glob.text)'"
        guard unsuitable.isEmpty else {
            return SourceError(
                .wrongData, file: source.path,
                "\(problem), only what is no matrix: \(InputSelection.text(of: Array(unsuitable)))")
        }
        if let link = source.unreached.first(where: { ExactName($0.name) == ExactName(glob.text) }) {
            return SourceError(.noSuchInput, file: source.path, entry: glob.text, link.error.explanation)
        }
        let names = source.entries.filter { $0.isSquareMatrix }.map(\.name)
        return SourceError(
            .noSuchInput, file: source.path,
            "\(problem): \(glob.hint(among: names))'fourthroot inspect' lists what it holds")
    }

    private mutating func sort(_ entries: [MatrixEntry], besides eigenvectorEntries: Set<ExactName>, keepsDerived: Bool) {
        for entry in entries {
            if eigenvectorEntries.contains(ExactName(entry.name)) {
                eigenvectors.append(entry)
            } else if !keepsDerived, entry.isSquareMatrix, InputSelection.isDerived(entry.name), isOfDump(entry) {
                derived.append(entry)
            } else if entry.isSquareMatrix || entry.failure != nil {
                taken.append(entry)
            } else if entry.isSquare || entry.isStack {
                leftOut.append(entry)
            }
        }
    }

    /// Each path once, in the order of the file.
    private func distinct(_ entries: [MatrixEntry]) -> [MatrixEntry] {
        var names: Set<ExactName> = []
        return entries.filter { names.insert(ExactName($0.name)).inserted }
            .sorted { MatrixEntry.precedes($0.name, $1.name) }
    }

    private static let derivedKinds = ["decoded", "root", "reference"]

    /// Whether a dump holds it beside a statistic: what the optimizer made of it, or followed in parallel.
    private static func isDerived(_ name: String) -> Bool {
        // By bytes, as in `DumpPlace`.
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { Substring($0) }
        return parts.count > 1 && derivedKinds.contains { $0 == parts[parts.count - 1] }
            && DumpPlace.isSide(parts[parts.count - 2])
    }

    /// Entries and why they are no matrices, in one line.
    static func text(of entries: [MatrixEntry]) -> String {
        let shown = entries.prefix(8).map { "\($0.name) (\(reason(for: $0)))" }.joined(separator: ", ")
        return entries.count > 8 ? "\(shown) and \(entries.count - 8) more" : shown
    }

    private static func reason(for entry: MatrixEntry) -> String {
        if entry.isStack { return "a stack of matrices, \(entry.shapeText)" }
        return entry.shape[0] == 0 ? "of order 0" : "\(entry.type), \(entry.shapeText)"
    }
}
