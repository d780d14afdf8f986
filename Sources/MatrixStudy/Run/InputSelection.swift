import HDF5Store
import MatrixCore

/// Which data sets of a file a command takes, and which it leaves out.
///
/// Without patterns each square set is taken once, of a training's dump the statistics. A pattern that names a set
/// takes that one, whatever it is and whether or not its name holds a wildcard; one with wildcards takes the square
/// sets of every path that it matches, of a dump the statistics unless it ends in another kind.
struct InputSelection {
    /// To be examined, in the order of the file.
    private(set) var taken: [DatasetDescription] = []
    /// Square sets, and stacks of them, that are no matrices.
    private(set) var leftOut: [DatasetDescription] = []
    /// Matrices of a dump that the optimizer made of the statistics.
    private(set) var derived: [DatasetDescription] = []
    /// They belong to the matrix beside them.
    private(set) var eigenvectors: [DatasetDescription] = []
    /// The names of those that a pattern names.
    private(set) var named: Set<ExactName> = []
    /// Whether every path was held against the patterns; else a pattern took each data set once.
    private(set) var isWhole = true

    private let isOfDump: (DatasetDescription) -> Bool

    /// - Parameter isOfDump: whether a training of ours has written a set.
    /// - Throws: `InputError` where a pattern takes nothing.
    init(
        _ listing: HDF5Listing, patterns: [String], isOfDump: @escaping (DatasetDescription) -> Bool, path: String
    ) throws(InputError) {
        self.isOfDump = isOfDump
        if patterns.isEmpty {
            sort(listing.datasets, besides: StudyInput.eigenvectorSets(listing.datasets), keepsDerived: false)
            return
        }
        for pattern in patterns {
            if let named = listing.dataset(at: pattern) {
                taken.append(named)
                self.named.insert(ExactName(named.name))
            } else {
                try take(Glob(String(Substring(pattern.utf8.drop { $0 == UInt8(ascii: "/") }))), listing, path)
            }
        }
        (taken, leftOut) = (distinct(taken), distinct(leftOut))
        (derived, eigenvectors) = (distinct(derived), distinct(eigenvectors))
    }

    private mutating func take(_ glob: Glob, _ listing: HDF5Listing, _ path: String) throws(InputError) {
        let (below, isWhole) = glob.hasWildcards ? listing.datasets(below: glob.folder) : ([], true)
        self.isWhole = self.isWhole && isWhole
        let known = (isWhole ? [] : listing.datasets) + below
        var matching = known.filter { glob.matches($0.name) }
        if !isWhole {
            var objects: Set<Int> = []
            matching.removeAll { !objects.insert($0.object).inserted }
        }
        let former = (taken: taken.count, leftOut: leftOut.count)
        sort(
            matching, besides: StudyInput.eigenvectorSets(known),
            keepsDerived: InputSelection.derivedKinds.contains { glob.ends(in: $0) })
        guard taken.count == former.taken else { return }
        let unsuitable = leftOut[former.leftOut...]
        let problem = "no \(glob.hasWildcards ? "matrix matches" : "data set is named") '\(glob.text)'"
        guard unsuitable.isEmpty else {
            throw InputError(
                kind: .wrongData, path: path,
                problem: "\(problem), only what is no matrix: \(InputSelection.text(of: Array(unsuitable)))")
        }
        if let link = listing.unreached.first(where: { ExactName($0.object ?? "") == ExactName(glob.text) }) {
            throw InputError(kind: .noSuchInput, path: path, dataset: glob.text, problem: link.explanation)
        }
        throw InputError(
            kind: .noSuchInput, path: path, problem: "\(problem); 'fourthroot inspect' lists what it holds")
    }

    private mutating func sort(
        _ datasets: [DatasetDescription], besides eigenvectorSets: Set<ExactName>, keepsDerived: Bool
    ) {
        for dataset in datasets {
            if eigenvectorSets.contains(ExactName(dataset.name)) {
                eigenvectors.append(dataset)
            } else if !keepsDerived, dataset.isSquareMatrix, InputSelection.isDerived(dataset.name), isOfDump(dataset) {
                derived.append(dataset)
            } else if dataset.isSquareMatrix || dataset.failure != nil {
                taken.append(dataset)
            } else if dataset.isSquare || dataset.isStack {
                leftOut.append(dataset)
            }
        }
    }

    /// Each path once, in the order of the file.
    private func distinct(_ datasets: [DatasetDescription]) -> [DatasetDescription] {
        var names: Set<ExactName> = []
        return datasets.filter { names.insert(ExactName($0.name)).inserted }.sorted { precedes($0.name, $1.name) }
    }

    /// A group's members come before what is beside the group.
    private func precedes(_ left: String, _ right: String) -> Bool {
        let slash = UInt8(ascii: "/")
        return left.utf8.lexicographicallyPrecedes(right.utf8) { ($0 == slash ? 0 : $0) < ($1 == slash ? 0 : $1) }
    }

    private static let derivedKinds = ["decoded", "root", "reference"]

    /// Whether a dump holds it beside a statistic: what the optimizer made of it, or followed in parallel.
    private static func isDerived(_ name: String) -> Bool {
        derivedKinds.contains { kind in
            ["left", "right"].contains {
                name.utf8.suffix($0.utf8.count + kind.utf8.count + 2).elementsEqual("/\($0)/\(kind)".utf8)
            }
        }
    }

    /// Sets and why they are no matrices, in one line.
    static func text(of datasets: [DatasetDescription]) -> String {
        let shown = datasets.prefix(8).map { "\($0.name) (\(reason(for: $0)))" }.joined(separator: ", ")
        return datasets.count > 8 ? "\(shown) and \(datasets.count - 8) more" : shown
    }

    private static func reason(for dataset: DatasetDescription) -> String {
        if dataset.isStack { return "a stack of matrices, \(dataset.shapeText)" }
        return dataset.shape[0] == 0 ? "of order 0" : "\(dataset.elementType), \(dataset.shapeText)"
    }
}
