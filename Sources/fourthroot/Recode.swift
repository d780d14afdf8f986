import ArgumentParser
import Files
import Foundation
import LinearAlgebra
import MatrixSources
import MatrixStudy
import Preconditioning

/// What storages lose when they are coded again and again.
struct Recode: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Update each matrix many times, coded anew every time, and report the errors as CSV.",
        discussion: """
            A ← βA + (1 − β)M, M = A₀^(1/2)·G·Gᵀ·A₀^(1/2)/R with G of n × R normal deviates, so that the expectation of M is A₀. Each case is \
            the side of a preconditioner as training has it; the errors are those of what is in use against the same updates \
            without codes. LIST is as in study; without storages or a preset the preset recode runs. Rows are written when a \
            matrix is through.
            """)

    @OptionGroup var input: MatrixInputs

    @OptionGroup(title: "Axes") var caseOptions: CaseOptions

    @Option(
        help: ArgumentHelp(
            "How entries become codes (default: nearest): \(CodeRounding.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "list"), completion: .words(CodeRounding.allCases.map(\.rawValue)))
    var rounding: [String] = []

    @Option(help: "Grid of pairs of storages.")
    var preset: Preset?

    @Option(help: "Updates of every matrix.")
    var updates = 50

    @Option(help: "β; 1 accumulates, A ← A + M.")
    var decay = 0.95

    @Option(help: "R, the rank of M; 0 updates by nothing (default: a quarter of the order).")
    var rank: Int?

    @Option(help: "Seed of M and of roundings.")
    var seed: UInt64 = 0

    @Option(help: "A row every so many updates, and one for the last.")
    var every = 1

    @Option(
        help: ArgumentHelp(
            "How statistic \(StatisticKind.names(where: \.isFactored)) gets its eigenvectors at an update: all anew, or one subspace "
                + "step as published (default: eigen)."))
    var updateDecomposition: UpdateDecomposition?

    @Option(help: "Björck steps on decoded eigenvectors before an update (default: 1).")
    var rectifyUpdate: Int?

    @Option(help: "Arithmetic of updates and codes; float32 is the optimizer's. The errors are taken in float64.")
    var arithmetic = StudyPlan.defaultArithmetic

    @Option(help: "What becomes of eigenvalues that are not positive after decoding.")
    var indefinite = StudyPlan.defaultIndefinite

    @OptionGroup var options: RunOptions

    func run() async throws {
        let plan = try resolvedPlan()
        try options.requireWritable(sparing: input.inputs)
        let interruption = Interruption { "the study had not begun; nothing was written" }
        let start = ContinuousClock.now
        let source = try input.read(quiet: options.table.quiet)
        source.report(notes: !options.table.quiet)
        if !source.matrices.isEmpty {
            let output = try await compute(plan, source, interruption)
            options.finish(output, since: start) { columns, rows in
                RecodeSummary(columns, rows)?.text(width: Terminal.width, isColored: Terminal.colorsOutput)
            }
        }
        withExtendedLifetime(interruption) {}
        if !source.rejected.isEmpty { throw ExitCode(ExitStatus.wrongData.rawValue) }
    }

    private func compute(_ plan: RecodePlan, _ source: StudyInput, _ interruption: Interruption) async throws -> StudyOutput {
        let caseCount = try plan.cases().count
        let rowCount = caseCount * plan.course.rowCount
        let run = StudyRun(
            output: try StudyOutput(
                options.output(.recode, RowSources(source, casesPerMatrix: rowCount)),
                study: source.fingerprint(plan: plan, version: version)),
            path: options.table.path, total: source.matrices.count * rowCount, unit: "rows", interruption: interruption)
        // Those of a matrix that a former run had begun are computed again.
        let first = min(run.output.resumedRows / rowCount, source.matrices.count)
        let left = source.matrices.count - first
        let progress = options.progress(total: left * caseCount * plan.course.updates, unit: "updates")
        let notes = RunNotes(progress, quiet: options.table.quiet)
        let surplus = Surplus(run.output.resumedRows - first * rowCount)
        let runner = try RecodeRunner(plan: plan, threads: options.threadCount)
        try await run.keepRows(clearing: progress) { handle in
            try await runner.run(source, matrices: first..<source.matrices.count) { event in
                try handle {
                    switch event {
                    case .rows(let rows): try run.output.append(surplus.removing(from: rows.map(\.fields)))
                    case .advanced(let count): progress.advance(by: count)
                    case .began(let matrix): progress.begin(matrix.name)
                    case .note(let subject, let reason): notes.report(reason, of: subject)
                    }
                }
            }
        }
        notes.finish()
        return run.output
    }

    /// The preset or the grid of the storages that are named, with the options over it.
    func resolvedPlan() throws -> RecodePlan {
        let axes = try caseOptions.axes()
        // A storage of one kind alone leaves the other exact.
        let namesStorage = preset == nil && (axes.statistic != nil || axes.root != nil)
        let grids = namesStorage ? [CaseGrid()] : (preset ?? .recode).grids
        var plan = RecodePlan(
            grids: grids.map { $0.overridden(by: axes) },
            roundings: rounding.isEmpty ? nil : try words(rounding.joined(separator: ","), axis: "--rounding"),
            course: try RecodeCourse(
                updates: updates, decay: decay, rank: rank, seed: seed, every: every,
                updateDecomposition: updateDecomposition ?? .eigen, updateRectificationSteps: rectifyUpdate ?? 1))
        plan.storages.indefinite = indefinite
        plan.storages.arithmetic = arithmetic
        let traits = try plan.cases().map(\.storages.statistic.kind.traits)
        let codes = try plan.cases().contains { $0.rounding != nil }
        try
            (options.rules + plan.storages.unusedValues(of: axes).map { OptionRule($0) } + [
                OptionRule(
                    "rounding", !rounding.isEmpty, appliesIf: codes, needs: "a statistic or root that is coded in blocks"),
                OptionRule(
                    "update-decomposition", updateDecomposition != nil, appliesIf: traits.contains(where: \.isFactored),
                    needs: "--statistic \(StatisticKind.names(where: \.isFactored))"),
                OptionRule(
                    "rectify-update", rectifyUpdate != nil, appliesIf: traits.contains(where: \.isRectified),
                    needs: "--statistic \(StatisticKind.names(where: \.isRectified))"),
            ]).check()
        return plan
    }
}
