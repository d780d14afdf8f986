import ArgumentParser
import MatrixStudy

/// A figure of the program's CSV files. Each is defined beside what draws it.
struct FigureKind: Sendable {
    /// As `--kind` takes it.
    let name: String
    /// What a file must hold for it, in words.
    let needs: String
    /// Whether the columns, and for figures of a study the rows, are those of the figure.
    let fits: @Sendable (ResultTable) -> Bool
    /// - Throws: `StatusError`.
    let figure: @Sendable (ResultTable) throws -> Figure

    init(
        _ name: String, needs: String, fits: @escaping @Sendable (ResultTable) -> Bool,
        figure: @escaping @Sendable (ResultTable) throws -> Figure
    ) {
        (self.name, self.needs, self.fits, self.figure) = (name, needs, fits, figure)
    }

    /// Of those that fit a file, the first one is drawn when none is asked for.
    static let all = [
        spectrum, orthogonality, recode, contraction, rectification, steps, pareto, cases, heatMap, training, codebook, curve,
        memory, benchmark,
    ]

    /// The kinds that fit a file, the one that says most of it first.
    static func fitting(_ table: ResultTable) -> [FigureKind] {
        var kinds = all.filter { $0.fits(table) }
        guard isStudy(table) else { return kinds }
        // Where few storages have several bits or blocks there is little to join, and with many cases steps are hard to read.
        let labels = CaseLabels(table.rows)
        let storages = CaseLabels(table.rows, excluding: sizes)
        let cases = Set(table.rows.map { labels.key($0) })
        let codings = table.rows.grouped { storages.key($0) }.map { Set($0.elements.map { labels.key($0) }).count }
        let joined = codings.count { $0 > 1 }
        if joined == 0 || joined * 4 < codings.count { moveToEnd(pareto, of: &kinds) }
        if cases.count > 12 { moveToEnd(steps, of: &kinds) }
        return kinds
    }

    private static let sizes: Set<String> = [
        "bits", "root_bits", "block", "root_block", "target_nre", "target_bits_per_entry",
    ]

    private static func moveToEnd(_ kind: FigureKind, of kinds: inout [FigureKind]) {
        guard let position = kinds.firstIndex(where: { $0.name == kind.name }) else { return }
        kinds.append(kinds.remove(at: position))
    }
}

extension FigureKind: ExpressibleByArgument {
    init?(argument: String) {
        guard let kind = FigureKind.all.first(where: { $0.name == argument }) else { return nil }
        self = kind
    }

    static var allValueStrings: [String] { all.map(\.name) }
    static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
    var defaultValueDescription: String { name }
}

@Sendable func isStudy(_ table: ResultTable) -> Bool { table.has("nre") && !table.has("update", "statistic_nre") }

/// A figure of a study, without the matrices that have no error to show.
///
/// The rows with both sides exact are left out where there are others: they measure the reference, not a storage.
func studyFigure(_ table: ResultTable, _ draw: ([StudyPoint]) throws -> Figure) throws -> Figure {
    let cases = try table.rows.map { try StudyPoint($0) }
    let coded = cases.filter { !$0.isExact }
    let all = coded.isEmpty ? cases : coded
    let shown = all.withErrors
    guard !shown.isEmpty else { throw table.error("no case of it has an error that a logarithm can show") }
    var figure = try draw(shown)
    figure.notes += leftOutNotes(all, shown)
    figure.limitPanels()
    guard figure.dropUnshowable() else { throw table.error("no case of it has an error that a logarithm can show") }
    return figure
}
