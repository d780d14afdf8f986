import ArgumentParser
import Files
import MatrixStudy
import Preconditioning

/// Singular values of matrices and of what comes back from their storages.
struct SpectrumTable: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spectrum",
        abstract: "Singular values of each matrix and of its decoded forms, as CSV (figure 2).")

    @Argument(help: sourceHelp, completion: sourceCompletion)
    var input: String

    @Option(help: "Name or glob of matrices; may be repeated (default: every one).")
    var matrix: [String] = []

    @OptionGroup(title: "Storages") var caseOptions: CaseOptions

    @OptionGroup var output: OutputOptions

    func run() throws {
        let axes = try caseOptions.axes()
        let grids = axes.statistic == nil ? Preset.figure2.grids : [CaseGrid()]
        let itself = try CaseGrid(statistic: [.exact]).overridden(by: CaseGrid(contraction: axes.contraction)).cases()
        let plan = StudyPlan(grids: grids).overridden(by: axes)
        let cases = try (itself + plan.cases()).map(\.statistic)
        try rules(axes, cases, unused: plan.unusedValues(of: axes)).check()
        try output.requireWritable(sparing: [input])
        let source = try StudyInput([openSource(input)], selecting: matrix)
        source.report()
        var text = CSV.record([
            "source", "matrix", "order", "statistic", "codebook", "bits", "block", "rectify", "index", "singular_value",
            "contraction",
        ])
        for matrix in source.matrices {
            for spectrum in try source.decodedSpectra(of: matrix, cases: cases) {
                if let reason = spectrum.reason { Terminal.report("note", "\(matrix.name): \(reason)") }
                text += records(spectrum, matrix)
            }
        }
        try output.write(text)
        if !source.rejected.isEmpty { throw ExitCode(ExitStatus.wrongData.rawValue) }
    }

    /// Roots and solvers play no part in a decoded statistic; damping and exponent do in two storages.
    private func rules(_ axes: CaseGrid, _ cases: [StatisticCase], unused: [UnusedValue]) -> [OptionRule] {
        let traits = cases.map(\.kind.traits)
        return [
            OptionRule("root", axes.root != nil), OptionRule("root-codebook", axes.rootCodebook != nil),
            OptionRule("root-bits", axes.rootBits != nil), OptionRule("root-block", axes.rootBlock != nil),
            OptionRule("solver", axes.solver != nil),
        ].allNeeding("a root, which a spectrum has none of") + [
            OptionRule(
                "exponent", axes.exponent != nil, appliesIf: traits.contains(where: \.dependsOnRoot),
                needs: "--statistic \(StatisticKind.names(where: \.dependsOnRoot))"),
            OptionRule(
                "damping", axes.damping != nil, appliesIf: traits.contains(where: \.dependsOnDamping),
                needs: "--statistic \(StatisticKind.names(where: \.dependsOnDamping))"),
        ] + unused.map { OptionRule($0) }
    }

    private func records(_ spectrum: DecodedSpectrum, _ matrix: InputMatrix) -> String {
        let statistic = spectrum.statistic
        let coding = statistic.coding
        return (spectrum.singularValues ?? []).enumerated().map { index, value in
            CSV.record([
                input, matrix.name, "\(matrix.order)", statistic.kind.rawValue, coding?.codebook.rawValue ?? "",
                coding.map { "\($0.bits)" } ?? "", coding.map { "\($0.block)" } ?? "",
                statistic.rectificationSteps.map { "\($0)" } ?? "", "\(index)", CSV.field(value),
                CSV.field(statistic.contraction),
            ])
        }.joined()
    }
}
