import ArgumentParser
import MatrixStudy

/// The figures of the program's CSV files. Of those that fit a file, the first one is drawn when none is asked for.
enum FigureKind: String, CaseIterable, ExpressibleByArgument {
    case spectrum, orthogonality, recode
    case contraction, rectification, steps, pareto, cases
    case heatMap = "heat-map"
    case training, codebook, curve, memory, benchmark

    /// What a file must hold for it, in words.
    var needs: String {
        switch self {
        case .spectrum: "singular values, as 'fourthroot spectrum' writes them"
        case .orthogonality: "mean errors over Björck steps, as 'fourthroot orthogonality' writes them"
        case .recode: "the updates of 'fourthroot recode'"
        case .contraction: "a study with several contractions"
        case .rectification: "a study of eigenvectors with several numbers of Björck steps"
        case .steps: "a study of a trainer's dump with several steps"
        case .pareto, .cases, .heatMap: "a study"
        case .training: "logs of trainings"
        case .codebook, .curve: "a codebook, or with --curve its curve"
        case .memory: "the breakdown of 'fourthroot memory'"
        case .benchmark: "the times of 'fourthroot benchmark'"
        }
    }

    /// Whether the columns, and for the figures of a study the rows, are those of the figure.
    func fits(_ table: ResultTable) throws -> Bool {
        switch self {
        case .spectrum: table.has("singular_value")
        case .orthogonality: table.has("mean_error")
        case .recode: table.has("update", "statistic_nre")
        case .contraction: isStudy(table) && values(table, "contraction").count > 1
        case .rectification:
            isStudy(table) && values(table, "rectify").count > 2 && values(table, "statistic") == ["eigenvector"]
        case .steps: isStudy(table) && Set(table.rows.compactMap { DumpPlace($0)?.step }).count > 1
        case .pareto, .cases, .heatMap: isStudy(table)
        case .training: table.has("step", "loss", "validation_loss")
        case .codebook: table.has("code", "value")
        case .curve: table.has("x", "value")
        case .memory: table.has("model", "layer", "parameters", "first_order")
        case .benchmark: table.has("what", "seconds") || table.has("what", "ours_ms", "torch_ms")
        }
    }

    private func isStudy(_ table: ResultTable) -> Bool { table.has("nre") && !table.has("update", "statistic_nre") }

    private func values(_ table: ResultTable, _ column: String) -> Set<String> {
        Set(table.rows.map { $0.optionalText(column) }.filter { !$0.isEmpty })
    }

    /// - Throws: `StatusError`.
    func figure(of table: ResultTable) throws -> Figure {
        switch self {
        case .spectrum: try spectrumFigure(table)
        case .orthogonality: try orthogonalityFigure(table)
        case .recode: try recodeFigure(table)
        case .contraction: try studyFigure(table, contractionFigure)
        case .rectification: try studyFigure(table, rectificationFigure)
        case .steps: try studyFigure(table, stepsFigure)
        case .pareto: try studyFigure(table, paretoFigure)
        case .cases: try studyFigure(table, caseFigure)
        case .heatMap: try studyFigure(table, heatMapFigure)
        case .training: try trainingFigure(table)
        case .codebook: try codebookFigure(table)
        case .curve: try codebookCurveFigure(table)
        case .memory: try memoryFigure(table)
        case .benchmark: try benchmarkFigure(table)
        }
    }

    /// The kinds that fit a file, the one that says most of it first.
    static func fitting(_ table: ResultTable) throws -> [FigureKind] {
        var kinds = try allCases.filter { try $0.fits(table) }
        guard kinds.contains(.pareto) else { return kinds }
        // Where few storages have several bits or blocks there is little to join, and with many cases steps are hard to read.
        let labels = CaseLabels(table.rows)
        let storages = CaseLabels(table.rows, excluding: sizes)
        let cases = Set(table.rows.map { labels.key($0) })
        let joined = table.rows.grouped { storages.key($0) }.map { Set($0.elements.map { labels.key($0) }).count }
        if joined.count(where: { $0 > 1 }) * 4 < joined.count || joined.allSatisfy({ $0 == 1 }) {
            moveToEnd(.pareto, of: &kinds)
        }
        if cases.count > 12 { moveToEnd(.steps, of: &kinds) }
        return kinds
    }

    private static let sizes: Set<String> = [
        "bits", "root_bits", "block", "root_block", "target_nre", "target_bits_per_entry",
    ]

    private static func moveToEnd(_ kind: FigureKind, of kinds: inout [FigureKind]) {
        guard let position = kinds.firstIndex(of: kind) else { return }
        kinds.append(kinds.remove(at: position))
    }
}

/// A figure of a study, without the matrices that have no error to show.
///
/// The rows with both sides exact are left out where there are others: they measure the reference, not a storage.
private func studyFigure(_ table: ResultTable, _ draw: ([StudyPoint]) throws -> Figure) throws -> Figure {
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
