import ArgumentParser
import Files
import Foundation
import LinearAlgebra
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

    @Argument(help: sourceHelp, completion: sourceCompletion)
    var inputs: [String]

    @Option(help: "Name or glob of matrices; may be repeated (default: every one).")
    var matrix: [String] = []

    @OptionGroup(title: "Axes") var caseOptions: CaseOptions

    @Option(help: "Published grid: \(Preset.allCases.map(\.rawValue).joined(separator: ", ")).")
    var preset: String?

    @Option(help: ArgumentHelp("Plan in YAML; axes given as options replace the plan's.", valueName: "file.yaml"))
    var plan: String?

    @Flag(help: "Print the plan in YAML and stop.")
    var printPlan = false

    @Option(
        help: ArgumentHelp(
            "What errors are measured against: gsl (default), lapack, or schur-newton, the optimizer's iteration in float32, "
                + "which is the reference of the published tables."))
    var reference: String?

    @Option(
        help: ArgumentHelp(
            "Arithmetic of the solver: float64 (default) or float32, as the optimizer runs it; the damping is then 1e-6 "
                + "unless --damping says otherwise."))
    var arithmetic: String?

    @Option(
        help: ArgumentHelp(
            "Whose eigenvectors are coded: lapack's (default) or the file's, from the data sets eigenvectors and "
                + "eigenvalues beside the matrix."))
    var decomposition: String?

    @Option(help: "Eigenvalues that are not positive after decoding: absolute (default), clamp or fail.")
    var indefinite: String?

    @Option(help: ArgumentHelp("Run part I of N.", valueName: "I/N"))
    var shard: String?

    @Flag(help: "Go on from OUT.partial.")
    var resume = false

    @Flag(help: "Replace an existing output.")
    var force = false

    @Option(help: "Cores to use (default: all).")
    var threads: Int?

    @OptionGroup var cacheOptions: CacheOptions

    @Option(name: [.short, .customLong("output")], help: "Output file (default: standard output).")
    var output: String?

    @Flag(help: "No progress.")
    var quiet = false

    func validate() throws {
        if Set(inputs).count < inputs.count { throw ValidationError("an input is given twice: name each file once") }
        if preset != nil && plan != nil { throw ValidationError("--preset and --plan exclude each other") }
        if resume && output == nil { throw ValidationError("--resume needs -o: standard output cannot be resumed") }
        if resume && force { throw ValidationError("--resume goes on and --force starts again: give one of them") }
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads \(threads): give 1 to 1024") }
    }

    func run() async throws {
        let plan = try resolvedPlan()
        let casesPerMatrix = try plan.cases().count
        if printPlan {
            try OutputFile.writeToStandardOutput(plan.yaml(omitting: plan.unusedAxes))
            return
        }
        let part = try shard.map { text throws(PlanError) in try Shard(text) }
        // A resume may find its output in place and the partial file too.
        if let output, !resume { try OutputFile.requireWritable(output, overwrite: force) }
        let interruption = Interruption { "the study had not begun; nothing was written" }
        var source = try StudyInput(inputs.map(openSource), selecting: plan.matrices)
        if plan.decomposition == .file { try source.requireFactors() }
        report(source, plan)
        let allRows = source.matrices.count * casesPerMatrix
        let rows = (part ?? .whole).rows(orders: source.matrices.map(\.order), casesPerMatrix: casesPerMatrix)
        let study = try source.fingerprint(plan: plan, version: version)
        if allRows > 0 {
            try await compute(
                plan, source, rows,
                shard: part.map { ShardRecord(study: study, shard: $0, total: allRows) },
                study: "\(study) \(part ?? .whole)", interruption)
        }
        withExtendedLifetime(interruption) {}
        if !source.rejected.isEmpty { throw ExitCode(ExitStatus.wrongData.rawValue) }
    }

    private func report(_ source: StudyInput, _ plan: StudyPlan) {
        source.report(notes: !quiet)
        for file in source.files where !file.eigenvectors.isEmpty && plan.decomposition != .file && !quiet {
            Terminal.report(
                "note",
                "\(file.source.path): \(file.eigenvectors.joined(separator: ", ")): left out, the decomposition of the matrix "
                    + "beside it; --decomposition file codes it")
        }
    }

    private func compute(
        _ plan: StudyPlan, _ source: StudyInput, _ rows: Range<Int>, shard: ShardRecord?, study: String,
        _ interruption: Interruption
    ) async throws {
        let output = try StudyOutput(
            StudyOutput.Options(
                path: output, sources: RowSources(source, casesPerMatrix: plan.cases().count), overwrite: force, resume: resume),
            study: study, shard: shard, firstRow: rows.lowerBound)
        let progress = Progress(total: rows.count, unit: "cases", completed: output.resumedRows, quiet: quiet)
        let advice = { @Sendable [path = self.output ?? ""] (count: Int) in
            "\(count) of \(rows.count) cases are in \(path).partial; go on with --resume"
        }
        interruption.replace {
            switch output.stop() {
            case .resumable(let count): advice(count)
            case .lost: "the study was cut short"
            case .tooLate: nil
            }
        }
        OpenBLAS.setThreadCount(1)
        let runner = try StudyRunner(
            plan: plan, cache: cacheOptions.cache,
            threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
        let first = rows.lowerBound + min(output.resumedRows, rows.count)
        do {
            try await runUntilFailure(runner, source, first..<rows.upperBound) { event in
                switch event {
                case .rows(let finished):
                    try output.append(finished)
                    progress.advance(by: finished.count)
                case .note(let text):
                    if !quiet {
                        progress.clear()
                        Terminal.report("note", text)
                    }
                }
            }
            // An interruption has stopped the output before it was whole, and is about to end the program.
            while try !output.finish() { try await Task.sleep(for: .seconds(1)) }
        } catch {
            progress.clear()
            if case .resumable(let count) = output.stop() { Terminal.report("note", advice(count)) }
            throw error
        }
        progress.clear()
    }

    /// Does not wait, after a row could not be written, for the decompositions that are under way: they end with the
    /// program.
    private func runUntilFailure(
        _ runner: StudyRunner, _ source: StudyInput, _ rows: Range<Int>,
        handle: @escaping @Sendable (StudyRunner.Event) throws -> Void
    ) async throws {
        let (run, end) = AsyncThrowingStream<Void, any Error>.makeStream()
        Task {
            do {
                try await runner.run(source, rows: rows) { event in
                    do {
                        try handle(event)
                    } catch {
                        end.finish(throwing: error)
                        throw error
                    }
                }
                end.finish()
            } catch {
                end.finish(throwing: error)
            }
        }
        for try await _ in run {}
    }

    /// The plan file, the preset or the default grid, with the options over it.
    private func resolvedPlan() throws -> StudyPlan {
        let axes = try caseOptions.axes()
        var result = try basis(for: axes).overridden(by: axes)
        if !matrix.isEmpty { result.matrices = matrix }
        if let reference { result.reference = try word(reference, option: "--reference") }
        if let indefinite { result.indefinite = try word(indefinite, option: "--indefinite") }
        if let arithmetic { result.arithmetic = try word(arithmetic, option: "--arithmetic") }
        if let decomposition { result.decomposition = try word(decomposition, option: "--decomposition") }
        _ = try result.cases()
        try result.requireEveryValueUsed(of: axes)
        if arithmetic != nil { try result.requireArithmeticUsed() }
        if decomposition != nil { try result.requireDecompositionUsed() }
        return result
    }

    private func basis(for axes: CaseGrid) throws -> StudyPlan {
        if let plan {
            do {
                let read = try StudyPlan(yaml: readText(plan))
                // What the options do not replace must stand by itself.
                _ = try read.cases()
                try read.requireEveryAxisUsed()
                return read
            } catch let error as PlanError {
                throw StatusError(status: .wrongData, description: "\(plan): \(error)")
            }
        }
        if let preset { return (try word(preset, option: "--preset") as Preset).plan }
        // A storage of one kind alone leaves the other exact.
        let namesStorage = axes.statistic != nil || axes.root != nil
        return StudyPlan(grids: namesStorage ? [CaseGrid()] : Preset.default.grids)
    }
}

/// One word of an option.
func word<Word: RawRepresentable & CaseIterable>(
    _ text: String, option: String
) throws(PlanError) -> Word where Word.RawValue == String {
    let found: [Word] = try words(text, axis: option)
    guard found.count == 1 else { throw PlanError("\(option) '\(text)': give one word") }
    return found[0]
}

/// Where the reference's decompositions are kept between runs.
struct CacheOptions: ParsableArguments {
    @Option(
        name: .customLong("cache"), help: "Folder of kept GSL decompositions (default: fourthroot in the user's cache folder).")
    var folder: String?

    @Flag(name: .customLong("no-cache"), help: "Neither use nor keep decompositions.")
    var disablesCache = false

    /// FOURTHROOT_CACHE, else fourthroot in XDG_CACHE_HOME or in .cache of the home folder, unless an option says otherwise.
    var cache: ReferenceCache? {
        if disablesCache { return nil }
        let environment = ProcessInfo.processInfo.environment
        let place =
            folder ?? environment["FOURTHROOT_CACHE"]
            ?? environment["XDG_CACHE_HOME"].map { "\($0)/fourthroot" }
            ?? environment["HOME"].map { "\($0)/.cache/fourthroot" }
        return place.map { ReferenceCache(folder: $0) }
    }
}
