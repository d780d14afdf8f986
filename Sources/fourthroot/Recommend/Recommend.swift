import ArgumentParser
import Files
import Foundation
import MatrixStudy

/// A storage for every matrix, by what it is found to cost.
struct Recommend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find the cheapest storage of each matrix for an error, or the best within a budget, as a plan for train.",
        discussion: """
            Studies the matrices with all candidates and chooses for each parameter of a training's dump, over both sides, all blocks \
            and all steps in it, or for each matrix of another file. With --nre: the fewest bytes of statistic and root whose error \
            is at most that for every matrix of the parameter. With a budget: the choice that makes the sum of NRE² over all \
            matrices least; the plan says if it is proven least. Only cases with outcome ok are chosen from; both sides exact is \
            always one of them. Where a parameter does not reach the error, its entry is the nearest, the table says so, and the \
            status is 65; it is 65, too, without a plan, where a budget is too small. --damping and --exponent take one value here.
            """)

    @OptionGroup var input: MatrixInputs

    @Option(help: "Largest error (NRE) of a matrix's A^(-p).")
    var nre: Double?

    @Option(help: "Budget in bits an entry, everything counted: 8·(bytes of statistics and roots)/(2·Σn²).")
    var bitsPerEntry: Double?

    @Option(help: "Budget in bytes for all statistics and roots.")
    var bytes: Int?

    @OptionGroup(title: "Candidates") var candidates: AxisOptions<CandidateAxes>

    @Option(
        name: [.short, .customLong("output")], help: ArgumentHelp("The plan.", valueName: "plan.yaml"),
        completion: .file(extensions: ["yaml", "yml"]))
    var output: String

    @Flag(help: "Replace an existing output.")
    var force = false

    @Option(help: "Cores to use (default: all).")
    var threads: Int?

    @OptionGroup var cacheOptions: CacheOptions

    @Flag(help: "No progress, notes or table.")
    var quiet = false

    func validate() throws {
        if [nre != nil, bitsPerEntry != nil, bytes != nil].count(where: { $0 }) != 1 {
            throw ValidationError("give one of --nre, --bits-per-entry and --bytes: what the storages are to reach")
        }
        if let nre, !(nre > 0 && nre.isFinite) { throw ValidationError("--nre \(nre): give a positive number") }
        if let bitsPerEntry, !(bitsPerEntry > 0 && bitsPerEntry <= 64) {
            throw ValidationError("--bits-per-entry \(bitsPerEntry): give more than 0 and at most 64")
        }
        if let bytes, bytes < 1 { throw ValidationError("--bytes \(bytes): give 1 or more") }
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads \(threads): give 1 to 1024") }
    }

    func run() async throws {
        let start = ContinuousClock.now
        let goal = goal
        let axes = try candidates.axes()
        for (name, values) in [("damping", axes.damping), ("exponent", axes.exponent)] where (values ?? []).count > 1 {
            throw StatusError.usage("--\(name): give one value; storages are compared under one")
        }
        let plan = StudyPlan.candidates(axes, for: goal)
        _ = try plan.cases()
        try plan.unusedValues(of: axes).map { OptionRule($0) }.check()
        try OutputFile.requireWritable(output, overwrite: force, sparing: input.inputs)
        let interruption = Interruption { "nothing was written" }
        let source = try input.read(quiet: quiet)
        source.report(notes: !quiet)
        let rows = try await studiedRows(
            plan, of: source, cache: cacheOptions.cache, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount,
            quiet: quiet)
        let recommendation = try Recommendation(goal, for: StorageUnit.units(of: rows))
        try OutputFile.write(output, overwrite: force, recommendation.yaml(heading: heading(plan)))
        withExtendedLifetime(interruption) {}
        if !quiet {
            try OutputFile.writeToStandardOutput(RecommendationTable(recommendation, from: rows).text)
            let time = durationText((ContinuousClock.now - start) / .seconds(1))
            Terminal.write("fourthroot: \(counted(rows.count, "case")), \(time); in \(printableText(output))\n")
        }
        let missed = recommendation.choices.filter { !$0.isEnough }
        if !missed.isEmpty {
            Terminal.report(
                "error",
                "no candidate reaches an NRE of \(nre ?? 0) for \(missed.map(\.unit.name).joined(separator: ", ")); the plan has the "
                    + "nearest for them")
        }
        if !missed.isEmpty || !source.rejected.isEmpty { throw ExitCode(ExitStatus.wrongData.rawValue) }
    }

    private var goal: StorageGoal {
        if let nre { return .error(nre) }
        if let bytes { return .bytes(bytes) }
        return .bitsPerEntry(bitsPerEntry ?? 0)
    }

    private func heading(_ plan: StudyPlan) -> [String] {
        [
            "A storage for each parameter, as fourthroot \(version) recommends; train --storage-plan takes it.",
            "The first entry whose name or glob matches a parameter holds for it.",
            "Errors are against \(plan.reference.rawValue) with the exact power of the decoded statistic.",
        ]
    }
}
