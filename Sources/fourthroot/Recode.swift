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

    @Argument(help: sourceHelp, completion: sourceCompletion)
    var inputs: [String]

    @Option(help: "Name or glob of matrices; may be repeated (default: every one).")
    var matrix: [String] = []

    @OptionGroup(title: "Axes") var caseOptions: CaseOptions

    @Option(
        help: ArgumentHelp(
            "How entries become codes (default nearest): \(CodeRounding.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "list"), completion: .list(CodeRounding.allCases.map(\.rawValue)))
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
                + "step as published (default eigen)."))
    var updateDecomposition: UpdateDecomposition?

    @Option(help: "Björck steps on decoded eigenvectors before an update (default 1).")
    var rectifyUpdate: Int?

    @Option(help: "Arithmetic of updates and codes; float32 is the optimizer's. The errors are taken in float64.")
    var arithmetic = StudyPlan.defaultArithmetic

    @Option(help: "What becomes of eigenvalues that are not positive after decoding.")
    var indefinite = StudyPlan.defaultIndefinite

    @Flag(help: "Go on from OUT.partial.")
    var resume = false

    @Flag(help: "Replace an existing output.")
    var force = false

    @Option(help: "Cores to use (default: all).")
    var threads: Int?

    @Option(
        name: [.short, .customLong("output")], help: "Output file (default: standard output).",
        completion: .file(extensions: ["csv"]))
    var output: String?

    @Flag(help: "No progress.")
    var quiet = false

    func validate() throws {
        if Set(inputs).count < inputs.count { throw ValidationError("an input is given twice: name each file once") }
        if resume && force { throw ValidationError("--resume goes on and --force starts again: give one of them") }
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads \(threads): give 1 to 1024") }
    }

    func run() async throws {
        let plan = try resolvedPlan()
        // A resume may find its output in place and the partial file too.
        if let output, !resume { try OutputFile.requireWritable(output, overwrite: force, sparing: inputs) }
        let interruption = Interruption { "the study had not begun; nothing was written" }
        let source = try StudyInput(inputs.map(openSource), selecting: matrix)
        source.report(notes: !quiet)
        if !source.matrices.isEmpty { try await compute(plan, source, interruption) }
        withExtendedLifetime(interruption) {}
        if !source.rejected.isEmpty { throw ExitCode(ExitStatus.wrongData.rawValue) }
    }

    private func compute(_ plan: RecodePlan, _ source: StudyInput, _ interruption: Interruption) async throws {
        let caseCount = try plan.cases().count
        let rowCount = caseCount * plan.course.rowCount
        let run = StudyRun(
            output: try StudyOutput(
                StudyOutput.Options(
                    path: output, sources: RowSources(source, casesPerMatrix: rowCount), overwrite: force, resume: resume),
                columns: RecodeRow.columns, study: source.fingerprint(plan: plan, version: version)),
            path: output, total: source.matrices.count * rowCount, unit: "rows", interruption: interruption)
        // Those of a matrix that a former run had begun are computed again.
        let first = min(run.output.resumedRows / rowCount, source.matrices.count)
        let left = source.matrices.count - first
        let progress = Progress(total: left * caseCount * plan.course.updates, unit: "updates", quiet: quiet)
        let surplus = Surplus(run.output.resumedRows - first * rowCount)
        let runner = try RecodeRunner(plan: plan, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
        try await run.keepRows(clearing: progress) { handle in
            try await runner.run(source, matrices: first..<source.matrices.count) { event in
                try handle {
                    switch event {
                    case .rows(let rows): try run.output.append(surplus.removing(from: rows.map(\.fields)))
                    case .advanced(let count): progress.advance(by: count)
                    case .note(let text):
                        if !quiet {
                            progress.clear()
                            Terminal.report("note", text)
                        }
                    }
                }
            }
        }
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
        let toFile = "-o, for standard output is neither resumed nor replaced"
        try
            (plan.storages.unusedValues(of: axes).map { OptionRule($0) } + [
                OptionRule(
                    "rounding", !rounding.isEmpty, appliesIf: codes, needs: "a statistic or root that is coded in blocks"),
                OptionRule(
                    "update-decomposition", updateDecomposition != nil, appliesIf: traits.contains(where: \.isFactored),
                    needs: "--statistic \(StatisticKind.names(where: \.isFactored))"),
                OptionRule(
                    "rectify-update", rectifyUpdate != nil, appliesIf: traits.contains(where: \.isRectified),
                    needs: "--statistic \(StatisticKind.names(where: \.isRectified))"),
                OptionRule("resume", resume, appliesIf: output != nil, needs: toFile),
                OptionRule("force", force, appliesIf: output != nil, needs: toFile),
            ]).check()
        return plan
    }
}
