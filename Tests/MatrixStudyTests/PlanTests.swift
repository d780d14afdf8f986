import MatrixStudy
import Preconditioning
import Quantization
import Testing

@Suite struct PlanTests {
    @Test func axesMultiplyOnlyTheCasesTheyApplyTo() throws {
        let grid = CaseGrid(
            statistic: [.exact, .offdiagonal, .eigenvector], root: [.exact, .symmetric], codebook: [.linear2, .dynamicTree],
            bits: [3, 4], rectify: [0, 1, 2])
        let cases = try grid.cases()
        // exact: 1 + 4 coded roots; offdiagonal: 4 codings × 2 roots; eigenvector: 4 × 3 × 2.
        #expect(cases.count == 5 + 8 + 24)
        #expect(cases.filter { $0.statistic.kind == .offdiagonal }.allSatisfy { $0.statistic.rectificationSteps == nil })
        #expect(cases.filter { $0.solver == nil }.count == 1, "no solver for exact/exact alone")
    }

    @Test func aRootIsCodedLikeItsStatisticUnlessAnAxisSaysOtherwise() throws {
        var grid = CaseGrid(statistic: [.householder], root: [.symmetric], bits: [5, 8])
        #expect(try grid.cases().map(\.root.coding?.bits) == [5, 8])
        grid.rootBits = [4]
        #expect(try grid.cases().map(\.root.coding?.bits) == [4, 4])
        #expect(try grid.cases().map(\.statistic.coding?.bits) == [5, 8])
    }

    /// Counts from the published tables: 7 rows a codebook, table 1 with the 8-bit row of A besides.
    @Test(arguments: [
        (Preset.table1, 16), (.table5, 16), (.table6, 14), (.table7, 14), (.figure3, 24), (.figure6, 42), (.publishedA2, 16),
    ])
    func presetsHoldThePublishedGrids(preset: Preset, count: Int) throws {
        #expect(try preset.plan.cases().count == count)
    }

    @Test func paretoCoversEveryStorageAndAllBits() throws {
        let cases = try StudyPlan(grids: Preset.pareto.grids).cases()
        for kind in StatisticKind.allCases where kind.traits.isCoded {
            let bits = Set(cases.filter { $0.statistic.kind == kind }.compactMap { $0.statistic.coding?.bits })
            #expect(bits == Set(2...8), "\(kind)")
        }
        for kind in RootKind.allCases where kind.traits.isCoded {
            #expect(Set(cases.filter { $0.root.kind == kind }.compactMap { $0.root.coding?.bits }) == Set(2...8))
        }
        #expect(Set(cases.map(\.statistic.kind)) == Set(StatisticKind.allCases))
        #expect(Set(cases.map(\.root.kind)) == Set(RootKind.allCases))
    }

    @Test(arguments: Preset.allCases)
    func yamlRoundTrips(preset: Preset) throws {
        var plan = StudyPlan(
            grids: preset.grids, matrices: ["layers.*/0", "a, b"], reference: .lapack, indefinite: .clamp,
            arithmetic: .float32, decomposition: .file)
        plan.grids[0].damping = [0, 1e-6, 1 / 3]
        plan.grids[0].rootCodebook = [.nf4, .fp4]
        plan.grids[0].contraction = [0, -1.5]
        #expect(try StudyPlan(yaml: plan.yaml()) == plan)
    }

    @Test(arguments: [
        ("grids: [{statistic: [eigenvectors]}]", "line 1"), ("grids: [{bits: [1]}]", "bits 1"),
        ("grids: [{block: 0, root: full}]", "block 0"), ("grids: []", "no grids"), ("reference: gsl", "no grids"),
        ("grids: [{}]\ncolour: red", "line 2"), ("grids: [{speed: 1}]", "speed"), ("- 1", "mapping"), ("{", "YAML"),
        ("grids: [{bits: [four], root: full}]", "four"), ("reference: [gsl, lapack]\ngrids: [{}]", "one value"),
        ("grids: [{root: full, codebook: nf4, bits: 3}]", "nf4"), ("grids: [{statistic: full, solver: factored}]", "factored"),
        ("grids: [{statistic: full, solver: schur-newton, exponent: 0.3}]", "schur-newton"),
    ])
    func wrongPlansAreRefusedByName(yaml: String, word: String) {
        let error = #expect(throws: PlanError.self) { _ = try StudyPlan(yaml: yaml).cases() }
        if let error, word.hasPrefix("line") == false { #expect("\(error)".contains(word), "\(error)") }
    }

    @Test func listsAndRanges() throws {
        #expect(try integers("2:4,8, 1", axis: "bits") == [2, 3, 4, 8, 1])
        #expect(try integers("0:-3", axis: "contraction") == [0, -1, -2, -3])
        #expect(try numbers("0.25,1e-3,2:3", axis: "exponent") == [0.25, 1e-3, 2, 3])
        for text in [
            "", "a", "1,,2", "1:", ":2", "1:2:3", "1.5", "9999999999999999999", "0:9999999",
            "9223372036854775807:-9223372036854775808", "-9223372036854775808:9223372036854775807", "1:60000,1:60000",
        ] {
            #expect(throws: PlanError.self, "\(text)") { _ = try integers(text, axis: "bits") }
        }
    }
}
