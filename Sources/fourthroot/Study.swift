import ArgumentParser
import Files
import Foundation
import MatrixSources
import MatrixStudy
import Preconditioning

/// Every storage on every matrix: the error of A^(-p) as CSV.
struct Study: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put each matrix through storages and report the error of A^(-p) as CSV.",
        discussion: """
            LIST is comma-separated; A:B is a range of integers; a list that is given twice adds up. The axes multiply; one \
            that does not apply to a storage is left out of its cases, and one that applies to none is refused. Without axes, a preset or a plan, a default grid runs.
            """)

    @OptionGroup var input: MatrixInputs

    @OptionGroup(title: "Axes") var caseOptions: CaseOptions

    @Option(help: "Published grid.")
    var preset: Preset?

    @Option(
        help: ArgumentHelp("Plan in YAML; axes given as options replace the plan's.", valueName: "file.yaml"),
        completion: .file(extensions: ["yaml", "yml"]))
    var plan: String?

    @Flag(help: "Print the plan in YAML and stop.")
    var printPlan = false

    @Option(
        help: ArgumentHelp(
            "What errors are measured against; schur-newton is the optimizer's iteration in float32, the reference of the "
                + "published tables (default: the plan's, or \(StudyPlan.defaultReference.rawValue))."))
    var reference: ReferenceSolver?

    @Option(
        help: ArgumentHelp(
            "Arithmetic of the solver; in float32 it runs as in the optimizer, and the damping is 1e-6 unless --damping says "
                + "otherwise (default: the plan's, or \(StudyPlan.defaultArithmetic.rawValue))."))
    var arithmetic: Arithmetic?

    @Option(
        help: ArgumentHelp(
            "Whose eigenvectors are coded; the file's are the data sets eigenvectors and eigenvalues beside the matrix "
                + "(default: the plan's, or \(StudyPlan.defaultDecomposition.rawValue))."))
    var decomposition: DecompositionSource?

    @Option(
        help: ArgumentHelp(
            "What becomes of eigenvalues that are not positive after decoding (default: the plan's, or "
                + "\(StudyPlan.defaultIndefinite.rawValue))."))
    var indefinite: IndefiniteRule?

    @Option(help: ArgumentHelp("Run part I of N.", valueName: "I/N"))
    var shard: String?

    @OptionGroup var cacheOptions: CacheOptions

    @OptionGroup var options: RunOptions

    func validate() throws {
        if preset != nil && plan != nil { throw ValidationError("--preset and --plan exclude each other") }
    }

    func run() async throws {
        let plan = try resolvedPlan()
        let casesPerMatrix = try plan.cases().count
        if printPlan {
            try OutputFile.writeToStandardOutput(plan.yaml(omitting: plan.unusedAxes()))
            return
        }
        let part = try shard.map { text throws(PlanError) in try Shard(text) }
        try options.requireWritable(sparing: input.inputs)
        let interruption = Interruption { "the study had not begun; nothing was written" }
        let start = ContinuousClock.now
        var source = try input.read(selecting: plan.matrices, quiet: options.table.quiet)
        if plan.decomposition == .file { try source.requireFactors() }
        report(source, plan)
        let allRows = source.matrices.count * casesPerMatrix
        let rows = (part ?? .whole).rows(orders: source.matrices.map(\.order), casesPerMatrix: casesPerMatrix)
        let study = try source.fingerprint(plan: plan, version: version)
        if allRows > 0 {
            let output = try await compute(
                plan, source, rows,
                shard: part.map { ShardRecord(study: study, shard: $0, total: allRows) },
                study: "\(study) \(part ?? .whole)", interruption)
            options.finish(output, since: start) { columns, rows in
                StudySummary(columns, rows)?.text(width: Terminal.width, isColored: Terminal.colorsOutput)
            }
        }
        withExtendedLifetime(interruption) {}
        if !source.rejected.isEmpty { throw ExitCode(ExitStatus.wrongData.rawValue) }
    }

    private func report(_ source: StudyInput, _ plan: StudyPlan) {
        source.report(notes: !options.table.quiet)
        for file in source.files where !file.eigenvectors.isEmpty && plan.decomposition != .file && !options.table.quiet {
            Terminal.report(
                "note",
                "\(file.source.path): \(file.eigenvectors.joined(separator: ", ")): left out, the decomposition of the matrix "
                    + "beside it; --decomposition file codes it")
        }
    }

    private func compute(
        _ plan: StudyPlan, _ source: StudyInput, _ rows: Range<Int>, shard: ShardRecord?, study: String,
        _ interruption: Interruption
    ) async throws -> StudyOutput {
        let run = StudyRun(
            output: try StudyOutput(
                options.output(.study, RowSources(source, casesPerMatrix: plan.cases().count)), study: study, shard: shard,
                firstRow: rows.lowerBound),
            path: options.table.path, total: rows.count, unit: "cases", interruption: interruption)
        let resumed = run.output.resumedRows
        let progress = options.progress(total: rows.count, unit: "cases", completed: resumed)
        let notes = RunNotes(progress, quiet: options.table.quiet)
        let runner = try StudyRunner(plan: plan, cache: cacheOptions.cache, threads: options.threadCount)
        let first = rows.lowerBound + min(resumed, rows.count)
        try await run.keepRows(clearing: progress) { handle in
            try await runner.run(source, rows: first..<rows.upperBound) { event in
                try handle {
                    switch event {
                    case .rows(let finished):
                        try run.output.append(finished.map(\.fields))
                        progress.advance(by: finished.count)
                    case .began(let matrix): progress.begin(matrix.name)
                    case .note(let subject, let reason): notes.report(reason, of: subject)
                    }
                }
            }
        }
        notes.finish()
        return run.output
    }
}
