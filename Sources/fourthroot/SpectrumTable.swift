import ArgumentParser
import Files
import MatrixStudy
import Preconditioning

/// Singular values of matrices and of what comes back from their storages.
struct SpectrumTable: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spectrum",
        abstract: "Singular values of each matrix and of its decoded forms, as CSV (figure 2).")

    @OptionGroup var input: MatrixInputs

    @OptionGroup(title: "Storages") var caseOptions: CaseOptions

    @OptionGroup var table: TableOptions

    func run() throws {
        let axes = try caseOptions.axes()
        let grids = axes.statistic == nil ? Preset.figure2.grids : [CaseGrid()]
        let itself = try CaseGrid(statistic: [.exact]).overridden(by: CaseGrid(contraction: axes.contraction)).cases()
        let plan = StudyPlan(grids: grids).overridden(by: axes)
        let cases = try (itself + plan.cases()).map(\.statistic)
        try rules(axes, cases, unused: plan.unusedValues(of: axes)).check()
        try table.requireWritable(sparing: input.inputs)
        let start = ContinuousClock.now
        let source = try input.read(quiet: table.quiet)
        source.report(notes: !table.quiet)
        var rows: [[String]] = []
        let notes = RunNotes(quiet: table.quiet)
        for matrix in source.matrices {
            for spectrum in try source.decodedSpectra(of: matrix, cases: cases) {
                if let reason = spectrum.reason { notes.report(reason, of: "\(matrix.source): \(matrix.name)") }
                rows += self.rows(spectrum, matrix)
            }
        }
        notes.finish()
        try table.write(rows, of: TableDescription.spectrum.columns, since: start)
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

    private func rows(_ spectrum: DecodedSpectrum, _ matrix: InputMatrix) -> [[String]] {
        let statistic = spectrum.statistic
        let coding = statistic.coding
        return (spectrum.singularValues ?? []).enumerated().map { index, value in
            [
                matrix.source, matrix.name, "\(matrix.order)", statistic.kind.rawValue, coding?.codebook.rawValue ?? "",
                coding.map { "\($0.bits)" } ?? "", coding.map { "\($0.block)" } ?? "",
                statistic.rectificationSteps.map { "\($0)" } ?? "", "\(index)", CSV.field(value),
                CSV.field(statistic.contraction),
            ]
        }
    }
}
