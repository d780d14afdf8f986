import ArgumentParser
import Files
import MatrixCore
import MatrixStudy
import Preconditioning

/// The statements of the papers, evaluated.
struct Theory: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Evaluate the papers' lemmas and bounds on each matrix and storage, both sides, as CSV.",
        discussion: "Statements:\n"
            + StatementTable.summaries.map { "  \($0.name): \($0.summary)" }.joined(separator: "\n"))

    @OptionGroup var input: MatrixInputs

    @Option(
        help: ArgumentHelp("Statements (default: all).", valueName: "list"), completion: .words(StatementTable.names))
    var statement: [String] = []

    @Option(help: "Updates of the sequences.")
    var updates = 4

    @Option(help: "Seed of what is random.")
    var seed: UInt64 = 0

    @Option(help: "The convex problem on which a regret is measured.")
    var problem: ConvexProblem = .none

    @Option(help: "Steps of the convex problem.")
    var problemSteps = 100

    @Option(help: "Largest order of the convex problem; of greater matrices the leading block is taken.")
    var problemOrder = 16

    @OptionGroup(title: "Storages") var caseOptions: CaseOptions

    @OptionGroup var table: TableOptions

    enum ConvexProblem: String, ExpressibleByArgument, CaseIterable {
        case none, quadratic
    }

    func validate() throws {
        try require(updates, in: 1...10_000, "--updates")
        try require(problemSteps, in: 1...100_000, "--problem-steps")
        try require(problemOrder, in: 1...512, "--problem-order")
    }

    private func require(_ value: Int, in range: ClosedRange<Int>, _ option: String) throws {
        guard range.contains(value) else {
            throw ValidationError("\(option) is \(value); it is from \(range.lowerBound) to \(range.upperBound)")
        }
    }

    func run() throws {
        let axes = try caseOptions.axes()
        let statements = try statements()
        let grids = axes.statistic == nil ? [CaseGrid(statistic: [.offdiagonal, .eigenvector, .householder])] : [CaseGrid()]
        let plan = StudyPlan(grids: grids).overridden(by: axes)
        let cases = try plan.cases().map(\.statistic)
        try rules(axes, statements, unused: plan.unusedValues(of: axes)).check()
        try table.requireWritable(sparing: input.inputs)
        let start = ContinuousClock.now
        let source = try input.read(quiet: table.quiet)
        source.report(notes: !table.quiet)
        let sequence = SequenceSettings(
            updates: updates, seed: seed, problem: problem == .quadratic ? (problemSteps, problemOrder) : nil)
        var rows: [[String]] = []
        let notes = RunNotes(quiet: table.quiet)
        var (refuted, wrong) = (0, 0)
        for matrix in source.matrices {
            let found = try source.evaluations(of: matrix, statements: statements, cases: cases, sequence: sequence)
            for evaluation in found.evaluations {
                rows.append(row(evaluation, matrix, conditionNumber: found.conditionNumber))
                guard evaluation.isViolated else { continue }
                if evaluation.origin == .published {
                    refuted += 1
                } else {
                    wrong += 1
                    Terminal.report(
                        "error",
                        "\(matrix.source): \(matrix.name): \(evaluation.statement) does not hold, so the program is wrong: "
                            + "\(evaluation.sides.left) \(evaluation.sides.relation.rawValue) \(evaluation.sides.right)")
                }
            }
            for note in found.notes { notes.report(note, of: "\(matrix.source): \(matrix.name)") }
        }
        notes.finish()
        try table.write(
            rows, of: TableDescription.theory.columns,
            closing: [
                "\(rows.count) evaluations: \(refuted) of published statements and \(wrong) of the program's own do not hold"
            ],
            since: start)
        if wrong > 0 { throw ExitCode(ExitStatus.internalFault.rawValue) }
        if !source.rejected.isEmpty { throw ExitCode(ExitStatus.wrongData.rawValue) }
    }
}

extension Theory {
    private func statements() throws -> Set<String> {
        let given = statement.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        for word in given where !StatementTable.names.contains(word) {
            throw StatusError.usage("--statement \(unknownName(word, choices: StatementTable.names))")
        }
        if given.contains(StatementTable.regret) && problem == .none {
            throw StatusError.usage("--statement \(StatementTable.regret) needs --problem quadratic")
        }
        return Set(given.isEmpty ? StatementTable.names : given)
    }

    /// The statements are about statistics and their powers, whatever the solver.
    private func rules(_ axes: CaseGrid, _ statements: Set<String>, unused: [UnusedValue]) -> [OptionRule] {
        let isQuadratic = problem == .quadratic
        return [
            OptionRule("root", axes.root != nil), OptionRule("root-codebook", axes.rootCodebook != nil),
            OptionRule("root-bits", axes.rootBits != nil), OptionRule("root-block", axes.rootBlock != nil),
            OptionRule("solver", axes.solver != nil),
        ].allNeeding("a storage of roots, which no statement is about") + [
            OptionRule(
                "contraction", axes.contraction != nil, appliesIf: false,
                needs: "a study of contractions; statements are about the matrices as they are"),
            OptionRule(
                "updates", updates != 4, appliesIf: statements.contains(StatementTable.sequence),
                needs: "--statement \(StatementTable.sequence)"),
            OptionRule("problem-steps", problemSteps != 100, appliesIf: isQuadratic, needs: "--problem quadratic"),
            OptionRule("problem-order", problemOrder != 16, appliesIf: isQuadratic, needs: "--problem quadratic"),
        ] + unused.map { OptionRule($0) }
    }

    private func row(_ evaluation: Evaluation, _ matrix: InputMatrix, conditionNumber: Double?) -> [String] {
        let statistic = evaluation.statistic
        let coding = evaluation.coding ?? statistic?.coding
        let sides = evaluation.sides
        return [
            matrix.source, matrix.name, "\(matrix.order)", CSV.field(conditionNumber), evaluation.statement,
            evaluation.origin.rawValue, statistic?.kind.rawValue ?? "", coding?.codebook.rawValue ?? "",
            coding.map { "\($0.bits)" } ?? "", coding.map { "\($0.block)" } ?? "",
            statistic?.rectificationSteps.map { "\($0)" } ?? "", CSV.field(evaluation.exponent), evaluation.setting,
            evaluation.premiseHolds ? "yes" : "no", CSV.field(sides.left), sides.relation.rawValue, CSV.field(sides.right),
            CSV.field(sides.slack), sides.holds ? "yes" : "no",
        ]
    }
}
