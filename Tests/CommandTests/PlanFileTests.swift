import Foundation
import MatrixCore
import Testing

/// Plans as files: what `--print-plan` prints is a plan, and what is none is refused.
@Suite struct PlanFileTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.writeSoundFile()
    }

    private func printedPlan(_ options: [String]) throws -> String {
        try folder.succeed(["study", "a.h5", "--print-plan"] + options).standardOutput
    }

    private func rows(_ options: [String]) throws -> StudyTable {
        try StudyTable(folder.succeed(["study", "a.h5", "--no-cache"] + options).standardOutput).withoutSeconds
    }

    @Test(arguments: [
        [], ["--preset", "table1"], ["--preset", "table5"], ["--preset", "table6"], ["--preset", "table7"],
        ["--preset", "figure2"], ["--preset", "figure3"], ["--preset", "figure6"], ["--preset", "pareto"],
        ["--statistic", "full", "--bits", "2:8", "--damping", "1e-6,0", "--exponent", "0.5"],
        [
            "--statistic", "eigenvector", "--root", "full", "--root-bits", "4,8", "--root-codebook", "nf4,linear",
            "--root-block", "3",
        ],
        ["--matrix", "*", "--matrix", "matrix", "--reference", "lapack", "--indefinite", "clamp"],
        ["--contraction", "0:-3", "--solver", "eigen,schur-newton", "--statistic", "cholesky"],
        ["--reference", "schur-newton", "--arithmetic", "float32", "--statistic", "eigenvector", "--rectify", "0:3"],
        ["--preset", "published-a2", "--decomposition", "lapack"],
    ]) func printedPlanIsItsOwnPlan(_ options: [String]) throws {
        let plan = try printedPlan(options)
        try folder.write(plan, to: "plan.yaml")
        #expect(try printedPlan(["--plan", "plan.yaml"]) == plan)
        // figure6 and pareto are long; the others are run both ways.
        if options != ["--preset", "pareto"] && options != ["--preset", "figure6"] {
            #expect(try rows(["--plan", "plan.yaml"]) == rows(options))
        }
    }

    /// The numbers of cases of the published grids, counted from the paper's tables.
    ///
    /// Table 6 has, for each of two codebooks: A alone, U without and with rectification, B alone, and B with each of those.
    /// Table 7 is the same at 8 bits; table 1 adds the 8-bit A to table 6. Figure 2: two codebooks × (full, offdiagonal,
    /// eigenvector with two rectifications). Figure 3: six steps × four exponents. Figure 6: two storages × 21 contractions.
    @Test(arguments: [
        ("table1", 16), ("table5", 16), ("table6", 14), ("table7", 14), ("figure2", 8), ("figure3", 24), ("figure6", 42),
    ]) func presets(_ name: String, _ count: Int) throws {
        #expect(try rows(["--preset", name]).records.count == count)
    }

    /// Table 1 and table 5 have blocks of 64 throughout, as their caption says; table 7 has 256.
    @Test(arguments: [("table1", "64"), ("table5", "64"), ("table6", "64"), ("table7", "256")])
    func blocks(_ name: String, _ block: String) throws {
        #expect(try Set(rows(["--preset", name]).column("block")) == [block])
    }

    @Test func optionsReplaceAxes() throws {
        let table = try rows(["--preset", "table6", "--codebook", "linear", "--bits", "3", "--damping", "1e-4"])
        #expect(try Set(table.column("codebook")) == ["linear"] && Set(table.column("bits")) == ["3"])
        #expect(try Set(table.column("damping")) == ["0.0001"] && Set(table.column("rectify")) == ["", "0", "1"])
        #expect(table.records.count == 7)
        try folder.write("grids:\n- statistic: [full, symmetric]\n  bits: [4, 8]\n", to: "plan.yaml")
        let planned = try rows(["--plan", "plan.yaml", "--bits", "2"])
        #expect(try planned.column("statistic") == ["full", "symmetric"] && planned.column("bits") == ["2", "2"])
    }

    /// A choice that some grids of a preset have no use for is taken by those that have.
    @Test(arguments: [
        (["--solver", "factored"], "factored"), (["--solver", "schur-newton"], "schur-newton"),
        (["--preset", "table1", "--solver", "factored"], "factored"), (["--preset", "pareto", "--codebook", "nf4"], "nf4"),
        (["--preset", "table1", "--codebook", "nf4"], "nf4"),
    ]) func choicesApplyWhereTheyCan(_ options: [String], _ word: String) throws {
        let table = try rows(options)
        #expect(try table.column("solver").contains(word) || table.column("codebook").contains(word))
    }

    @Test func plainValuesAndLists() throws {
        try folder.write("grids: [{statistic: full, bits: '2:4', damping: [1e-6, 0], block: 8}]\n", to: "plan.yaml")
        #expect(try rows(["--plan", "plan.yaml"]).records.count == 6)
    }

    static let wrongPlans: [(text: String, word: String)] = [
        ("", "plan"), ("just words", "plan"), ("grids: []", "grids"), ("grids: {}", "grids"), ("grids: 3", "grids"),
        ("reference: gsl", "grids"), ("grids:\n- statistic: [full]\nspeed: 3", "speed"),
        ("grids:\n- statistics: [full]", "statistics"), ("grids:\n- statistic: [fuller]", "fuller"),
        ("grids:\n- statistic: []", "statistic"), ("grids:\n- statistic: {full: 1}", "statistic"),
        ("grids:\n- statistic: [[full]]", "statistic"), ("grids:\n- bits: [9]", "bits 9"), ("grids:\n- bits: [1.5]", "1.5"),
        ("grids:\n- block: [0]", "block 0"), ("grids:\n- rectify: [-1]", "rectify -1"),
        ("grids:\n- damping: [.nan]", "nan"), ("grids:\n- damping: [-1]", "damping -1"),
        ("grids:\n- exponent: [0]", "exponent 0"), ("grids:\n- codebook: [nf4]\n  bits: [3]\n  statistic: [full]", "nf4"),
        ("grids:\n- statistic: [full]\n  solver: [factored]", "factored"), ("reference: mkl\ngrids: [{}]", "mkl"),
        ("reference: [gsl, lapack]\ngrids: [{}]", "reference"), ("indefinite: maybe\ngrids: [{}]", "maybe"),
        ("matrices: {a: 1}\ngrids: [{}]", "matrices"), ("grids: [{statistic: [full}", "YAML"), ("\t- a: b", "YAML"),
        ("grids:\n- statistic: *unknown", "YAML"), ("a: 1\na: 2", "YAML"), ("- a\n- b", "plan"), ("{}: {}", "key"),
        ("arithmetic: float16\ngrids: [{}]", "float16"), ("decomposition: guess\ngrids: [{}]", "guess"),
        ("grids:\n- [1]: 2", "axis"), ("grids:\n- block: ['1:90000']\n  damping: ['1:90000']\n  statistic: full", "cases"),
    ]

    @Test(arguments: wrongPlans) func wrongPlan(_ text: String, _ word: String) throws {
        try folder.write(text, to: "plan.yaml")
        for tail in [["--print-plan"], ["--no-cache", "-o", "out.csv"]] {
            try folder.expectRefusal(
                ["study", "a.h5", "--plan", "plan.yaml"] + tail, status: 65, words: ["plan.yaml", word])
        }
    }

    @Test func missingPlan() throws {
        try folder.expectRefusal(["study", "a.h5", "--plan", "no.yaml"], status: 66, words: ["no.yaml"])
        try FileManager.default.createDirectory(atPath: folder.path("folder"), withIntermediateDirectories: false)
        try folder.expectRefusal(["study", "a.h5", "--plan", "folder"], status: 66, words: ["folder"])
        try folder.write(Data([0x67, 0xFF, 0xFE, 0x00]), to: "latin.yaml")
        try folder.expectRefusal(["study", "a.h5", "--plan", "latin.yaml"], status: 65, words: ["latin.yaml", "UTF-8"])
    }

    /// Grids each of which would be small enough, and that are too many cases together.
    @Test func casesAreCountedOverAllGrids() throws {
        let grid = "- {statistic: [eigenvector], block: '1:9000', bits: '2:8'}\n"
        try folder.write("grids:\n" + grid, to: "plan.yaml")
        try folder.succeed(["study", "a.h5", "--plan", "plan.yaml", "--print-plan"])
        try folder.write("grids:\n" + grid + grid, to: "plan.yaml")
        try folder.expectRefusal(["study", "a.h5", "--plan", "plan.yaml"], status: 65, words: ["plan.yaml", "cases"])
    }

    /// A star is an alias only where there is an anchor, and both are looked for in comments and quotes too.
    @Test func starsWithoutAnchorsAreNames() throws {
        try folder.write("# *every* one\nmatrices: ['*', \"*a b&c\"]\ngrids: [{statistic: full}]\n", to: "plan.yaml")
        try folder.succeed(["study", "a.h5", "--plan", "plan.yaml", "--print-plan"])
        try folder.write("# every one\nmatrices: &all ['*']\ngrids: [{statistic: *all}]\n", to: "plan.yaml")
        try folder.expectRefusal(
            ["study", "a.h5", "--plan", "plan.yaml", "--print-plan"], status: 65, words: ["line 3", "alias"])
    }

    /// A pipe on which nobody writes, and files that never end.
    @Test func plansThatAreNoFiles() throws {
        try #require(mkfifo(folder.path("pipe"), 0o600) == 0)
        for (path, status) in [("pipe", 65), ("/dev/zero", 66), ("/dev/null", 66)] as [(String, Int32)] {
            let run = try folder.run(["study", "a.h5", "--plan", path], timeout: 20)
            #expect(run.status == status, "\(path): \(run)")
        }
        try folder.write("\u{FEFF}grids: [{statistic: full}]\n", to: "marked.yaml")
        try folder.succeed(["study", "a.h5", "--plan", "marked.yaml", "--print-plan"])
        try folder.write("# " + String(repeating: "x", count: 2 << 20), to: "long.yaml")
        try folder.expectRefusal(["study", "a.h5", "--plan", "long.yaml"], status: 65, words: ["long.yaml", "bytes"])
    }

    /// A plan that would fill the stack, or the memory, of a careless parser.
    @Test func deepAndWidePlans() throws {
        var aliases = "a0: &a0 [full]\n"
        for level in 1...30 { aliases += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        for text in [
            aliases + "? *a30\n: 1\n? *a29\n: 2\n",
            String(repeating: "? ", count: 900) + "[\(String(repeating: "x,", count: 200_000))x]",
            String(repeating: "[", count: 100_000), String(repeating: "{a: ", count: 50_000), aliases,
            "grids:\n" + String(repeating: "- {statistic: [full]}\n", count: 20_000) + "- x",
        ] {
            try folder.write(text, to: "plan.yaml")
            let run = try folder.run(["study", "a.h5", "--plan", "plan.yaml", "--print-plan"], timeout: 20)
            #expect(run.status == 65, "\(text.prefix(30)): \(run)")
            #expect(run.standardError.utf8.count < 2000, "a message that nobody reads: \(run.standardError.prefix(200))…")
        }
    }

    /// Seeded damage to a plan gives a plan or a refusal, never a trap.
    @Test func mutatedPlans() throws {
        let plan = Array(
            try printedPlan([
                "--preset", "table1", "--matrix", "a*", "--damping", "1e-6,0", "--exponent", "0.25", "--contraction", "0:-2",
            ]).utf8)
        var generator = PhiloxGenerator(seed: 20)
        let syntax = Array("[]{}:,-&*!|>'\"%@`#?\n\t \\0123456789eE.+~".utf8)
        var accepted = 0
        for round in 0..<100 {
            var bytes = plan
            for _ in 0...Int(4 * generator.uniform()) {
                let index = Int(Double(bytes.count) * generator.uniform())
                switch Int(4 * generator.uniform()) {
                case 0: bytes[index] = UInt8(truncatingIfNeeded: generator.next())
                case 1: bytes[index] = syntax[Int(Double(syntax.count) * generator.uniform())]
                case 2: bytes.insert(syntax[Int(Double(syntax.count) * generator.uniform())], at: index)
                default: bytes.removeSubrange(index..<min(bytes.count, index + Int(20 * generator.uniform())))
                }
            }
            try folder.write(Data(bytes), to: "plan.yaml")
            let run = try folder.run(["study", "a.h5", "--plan", "plan.yaml", "--print-plan"], timeout: 20)
            #expect(run.status == 0 || run.status == 65, "round \(round): \(run)\n\(String(decoding: bytes, as: UTF8.self))")
            accepted += run.status == 0 ? 1 : 0
        }
        #expect(accepted > 0 && accepted < 100, "the damage is too small or too large to test anything: \(accepted) accepted")
    }
}
