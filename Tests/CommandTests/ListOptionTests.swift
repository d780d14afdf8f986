import Foundation
import Testing

/// Lists that are given twice add up, and what cannot apply is refused.
@Suite struct ListOptionTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.writeSoundFile()
    }

    private func rows(_ options: [String]) throws -> StudyTable {
        try StudyTable(folder.succeed(["study", "a.h5", "--no-cache"] + options).standardOutput).withoutSeconds
    }

    /// The same list in one option and in two.
    static let lists: [(option: String, values: [String], beside: [String])] = [
        ("--statistic", ["full", "symmetric"], []), ("--root", ["full", "offdiagonal"], []),
        ("--codebook", ["linear", "nf4"], ["--statistic", "full"]), ("--bits", ["4", "6:8"], ["--statistic", "full"]),
        ("--block", ["16", "8"], ["--statistic", "full"]),
        ("--root-codebook", ["linear", "linear-2"], ["--statistic", "full", "--root", "full"]),
        ("--root-bits", ["3", "4"], ["--root", "full"]), ("--root-block", ["8", "9"], ["--root", "symmetric"]),
        ("--rectify", ["0", "2:3"], ["--statistic", "eigenvector"]),
        ("--solver", ["eigen", "factored"], ["--statistic", "householder"]), ("--damping", ["0", "1e-6"], []),
        ("--exponent", ["0.25", "0.5"], []), ("--contraction", ["-1", "-2:-3"], ["--statistic", "full"]),
    ]

    @Test(arguments: lists) func repeatedListsAddUp(
        _ list: (option: String, values: [String], beside: [String])
    ) throws {
        let once = try rows([list.option, list.values.joined(separator: ",")] + list.beside)
        let twice = try rows(list.values.flatMap { [list.option, $0] } + list.beside)
        #expect(twice == once)
        #expect(try rows([list.option, list.values[1]] + list.beside).records.count < once.records.count)
    }

    @Test func repeatedListsOfOrthogonalityAddUp() throws {
        func table(_ options: [String]) throws -> StudyTable {
            try StudyTable(folder.succeed(["orthogonality", "a.h5"] + options).standardOutput)
        }
        let once = try table(["--steps", "0,2:3", "--exponent", "1,0.5", "--bits", "4,8", "--block", "8,16"])
        #expect(once.records.count == 3 * 2 * 2 * 2)
        #expect(
            try table([
                "--steps", "0", "--steps", "2:3", "--exponent", "1", "--exponent", "0.5", "--bits", "4", "--bits", "8",
                "--block",
                "8", "--block", "16",
            ]) == once)
    }

    /// Axes that no case can use.
    static let useless: [(options: [String], words: [String])] = [
        (["--statistic", "exact", "--bits", "4"], ["bits 4"]), (["--statistic", "exact", "--codebook", "linear"], ["linear"]),
        (["--statistic", "exact", "--block", "8"], ["block 8"]), (["--root", "exact", "--root-bits", "4"], ["root-bits 4"]),
        (["--statistic", "full", "--root-bits", "4"], ["root-bits 4"]),
        (["--statistic", "full", "--root-codebook", "nf4"], ["root-codebook nf4"]),
        (["--statistic", "full", "--root-block", "4"], ["root-block 4"]),
        (["--root", "full", "--bits", "4", "--root-bits", "5"], ["bits 4"]),
        (["--statistic", "full,householder", "--rectify", "1"], ["rectify 1", "eigenvector"]),
        (["--statistic", "exact", "--solver", "schur-newton"], ["schur-newton"]),
        (["--statistic", "exact", "--root", "full", "--solver", "factored"], ["factored"]),
        (["--statistic", "full,eigenvector", "--solver", "factored"], ["statistic full"]),
        (["--statistic", "full", "--codebook", "nf4", "--bits", "4,8"], ["bits 8"]),
        (["--preset", "table1", "--root", "exact", "--root-bits", "4"], ["root-bits 4"]),
        (["--preset", "table1", "--statistic", "full", "--rectify", "1"], ["rectify 1"]),
        (["--statistic", "exact", "--arithmetic", "float32"], ["arithmetic", "solver"]),
        (["--statistic", "full", "--decomposition", "file"], ["decomposition", "eigenvectors"]),
        (["--reference", "schur-newton", "--exponent", "0.3", "--statistic", "full"], ["0.3", "integer"]),
    ]

    @Test(arguments: useless) func whatCannotApplyIsRefused(_ options: [String], _ words: [String]) throws {
        try folder.expectRefusal(["study", "a.h5", "--no-cache"] + options, status: 64, words: words)
    }

    /// A grid of a preset may have no use for an axis that another one has.
    @Test(arguments: [
        ["--preset", "table6", "--rectify", "0"], ["--preset", "pareto", "--root-bits", "4", "--print-plan"],
        ["--preset", "table1", "--statistic", "offdiagonal", "--root", "offdiagonal", "--print-plan"],
    ]) func presetsKeepWhatTheyDoNotNeed(_ options: [String]) throws {
        let text = try folder.succeed(["study", "a.h5", "--no-cache"] + options).standardOutput
        if options.last == "--print-plan" {
            try folder.write(text, to: "plan.yaml")
            #expect(try folder.succeed(["study", "a.h5", "--plan", "plan.yaml", "--print-plan"]).standardOutput == text)
        }
    }

    @Test(arguments: [
        "statistic: exact\n  bits: 4", "statistic: full\n  rectify: [1]", "root: exact\n  root-bits: [4]",
        "statistic: full\n  root-block: 8",
    ]) func planFilesToo(_ grid: String) throws {
        try folder.write("grids:\n- \(grid)\n", to: "plan.yaml")
        try folder.expectRefusal(
            ["study", "a.h5", "--plan", "plan.yaml", "--print-plan"], status: 65, words: ["plan.yaml", "does not apply"])
    }

    @Test(arguments: [
        ["--root", "full"], ["--root-bits", "4"], ["--solver", "eigen"], ["--statistic", "full", "--rectify", "1"],
        ["--statistic", "exact", "--bits", "4"], ["--statistic", "full,cholesky", "--exponent", "0.5"],
        ["--statistic", "full", "--damping", "1e-6"],
    ]) func spectraToo(_ options: [String]) throws {
        let name = try #require(options.dropLast().last)
        try folder.expectRefusal(["spectrum", "a.h5"] + options, status: 64, words: [String(name.dropFirst(2))])
    }

    /// Ranges whose length is beyond the integers, or beyond reason.
    static let ranges = [
        "9223372036854775807:-9223372036854775808", "-9223372036854775808:9223372036854775807", "0:9223372036854775807",
        "-9223372036854775808:0", "1:100001", "1:99999,1:99999",
    ]

    @Test(arguments: ranges) func longRangesAreRefused(_ range: String) throws {
        for options in [
            ["study", "a.h5", "--statistic", "full", "--bits=\(range)"],
            ["study", "a.h5", "--root", "full", "--root-block=\(range)"],
            ["study", "a.h5", "--statistic", "full", "--contraction=\(range)"], ["orthogonality", "a.h5", "--steps=\(range)"],
            ["spectrum", "a.h5", "--statistic", "full", "--block=\(range)"],
        ] { try folder.expectRefusal(options, status: 64, words: []) }
        try folder.write("grids:\n- statistic: full\n  block: ['\(range)']\n", to: "plan.yaml")
        try folder.expectRefusal(["study", "a.h5", "--plan", "plan.yaml"], status: 65, words: ["plan.yaml", "block"])
    }

    /// The ends of the integers are numbers too.
    @Test func rangesAtTheEnds() throws {
        try folder.expectRefusal(
            ["study", "a.h5", "--statistic", "full", "--block=-9223372036854775808:-9223372036854775807"], status: 64,
            words: ["block -9223372036854775808"])
        let table = try rows(["--statistic", "full", "--block", "9223372036854775806:9223372036854775807"])
        #expect(try table.column("block") == ["9223372036854775806", "9223372036854775807"])
    }
}
