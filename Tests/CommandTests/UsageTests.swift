import Foundation
import Testing

/// Wrong usage ends with 64, outputs that cannot be made with 73, before anything is computed.
@Suite struct UsageTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.writeSoundFile()
    }

    /// Options of `study` that are wrong, each with a word that its message must have.
    static let wrongOptions: [(options: [String], word: String)] = [
        (["--statistic", "fuller"], "fuller"), (["--statistic", "full,"], "statistic"),
        (["--root", "eigenvector"], "eigenvector"), (["--codebook", "linear-3"], "linear-3"),
        (["--solver", "qr"], "qr"), (["--preset", "table2"], "table2"), (["--reference", "mkl"], "mkl"),
        (["--indefinite", "ignore"], "ignore"), (["--bits", "1"], "bits 1"), (["--bits", "9"], "bits 9"),
        (["--bits", "four"], "four"), (["--bits", "4.5"], "4.5"), (["--bits", ""], "bits"),
        (["--bits", "99999999999999999999"], "bits"), (["--bits", "0:9223372036854775807"], "range"),
        (["--block", "0"], "block 0"), (["--root-block", "0", "--root", "full"], "block 0"),
        (["--root-bits", "9", "--root", "full"], "bits 9"), (["--block=-64"], "block -64"),
        (["--rectify=-1"], "rectify -1"), (["--rectify", "-1"], "rectify"), (["--damping=-1e-6"], "damping -1e-06"),
        (["--damping", "nan"], "damping nan"), (["--damping", "inf"], "damping inf"),
        (["--exponent", "0"], "exponent 0.0"), (["--exponent=-0.25"], "exponent -0.25"),
        (["--exponent", "nan"], "exponent nan"), (["--contraction", "one"], "one"),
        (["--solver", "factored", "--statistic", "full"], "factored"),
        (["--solver", "schur-newton", "--exponent", "0.3"], "schur-newton"),
        (["--codebook", "nf4", "--bits", "3"], "nf4"), (["--preset", "table1", "--plan", "plan.yaml"], "--plan"),
        (["--resume"], "--resume"), (["--resume", "--force", "-o", "out.csv"], "--force"),
        (["--threads", "0"], "threads"), (["--threads", "many"], "threads"),
        (["--shard", "0/3"], "0/3"), (["--shard", "4/3"], "4/3"), (["--shard", "a/b"], "a/b"),
        (["--shard", "1"], "shard"), (["--shard", "1/2/3"], "1/2/3"), (["--shard=-1/3"], "-1/3"),
        (["--block", "1:90000", "--damping", "1:90000"], "cases"), (["--no-such-option"], "no-such-option"),
        (["a.h5"], "twice"), (["--reference", "gsl,lapack"], "gsl,lapack"),
    ]

    @Test(arguments: wrongOptions) func wrongOption(_ options: [String], _ word: String) throws {
        try folder.expectRefusal(["study", "a.h5", "--no-cache"] + options, status: 64, words: [word])
    }

    static let wrongCommands: [[String]] = [
        ["train-like"], ["studdy", "a.h5"], ["study"], ["merge"], ["synthesize"], ["quantize", "a.h5"], ["codebook"],
        ["inspect"], ["spectrum"], ["orthogonality"], ["theory"], ["--no-such-flag"], ["devices", "gpu"],
        ["quantize", "a.h5", "--matrix", "matrix", "--bits", "9", "-o", "out.h5"],
        ["quantize", "a.h5", "--matrix", "matrix", "--bits", "1", "-o", "out.h5"],
        ["quantize", "a.h5", "--matrix", "matrix", "--block", "0", "-o", "out.h5"],
        ["quantize", "a.h5", "--matrix", "matrix", "--codebook", "nf4", "--bits", "3", "-o", "out.h5"],
        ["quantize", "a.h5", "--matrix", "matrix", "--codebook", "linear,nf4", "-o", "out.h5"],
        ["codebook", "--codebook", "linear", "--bits", "9"], ["codebook", "--codebook", "fp4", "--bits", "3"],
        ["codebook", "--codebook", "cubic", "--bits", "4"],
        ["spectrum", "a.h5", "--bits", "1", "-o", "out.csv"], ["spectrum", "a.h5", "--statistic", "none"],
        ["orthogonality", "a.h5", "--steps=-1", "-o", "out.csv"], ["theory", "a.h5", "--updates", "0"],
        ["theory", "a.h5", "--statement", "lemma-13"], ["theory", "a.h5", "--problem", "cubic"],
        ["theory", "a.h5", "--root", "full"], ["theory", "a.h5", "--problem-steps", "7"],
        ["orthogonality", "a.h5", "--exponent", "0"],
    ]

    @Test(arguments: wrongCommands) func wrongCommand(_ arguments: [String]) throws {
        try folder.expectRefusal(arguments, status: 64, words: [])
    }

    /// Every command that writes, with an output named `out`.
    static let writers: [[String]] = [
        ["study", "a.h5", "--no-cache", "--statistic", "full", "-o"],
        ["merge", "a.csv", "-o"],
        ["spectrum", "a.h5", "--statistic", "full", "-o"],
        ["orthogonality", "a.h5", "--steps", "1", "-o"],
        ["theory", "a.h5", "--statement", "lemma-2", "-o"],
        ["quantize", "a.h5", "--matrix", "matrix", "-o"],
        ["synthesize", "--order", "4", "--spectrum", "geometric", "-o"],
        ["codebook", "--codebook", "linear", "--bits", "4", "-o"],
    ]

    @Test(arguments: writers) func folderOfOutputMissing(_ arguments: [String]) throws {
        try writeShard()
        try folder.expectRefusal(arguments + ["no/such/out"], status: 73, words: ["no/such"])
    }

    @Test(arguments: writers) func outputIsThere(_ arguments: [String]) throws {
        try writeShard()
        try folder.write("precious", to: "out")
        try folder.expectRefusal(arguments + ["out"], status: 73, words: ["out", "force"])
        #expect(try folder.text("out") == "precious")
        try folder.succeed(arguments + ["out", "--force"])
        #expect(try folder.text("out") != "precious")
        #expect(try folder.names == ["a.csv", "a.h5", "out"])
    }

    /// By whatever name, and whatever is forced: what a run reads it does not replace.
    @Test(arguments: writers) func outputIsTheInput(_ arguments: [String]) throws {
        guard let input = arguments.first(where: { $0.hasPrefix("a.") }) else { return }
        try writeShard()
        let before = try folder.data(input)
        try FileManager.default.createSymbolicLink(atPath: folder.path("linked"), withDestinationPath: folder.path("."))
        for name in [input, "linked/\(input)"] {
            try folder.expectRefusal(arguments + [name, "--force"], status: 73, words: [name, "is an input"])
        }
        #expect(try folder.data(input) == before)
    }

    @Test(arguments: writers) func outputIsFolder(_ arguments: [String]) throws {
        try writeShard()
        try FileManager.default.createDirectory(atPath: folder.path("out"), withIntermediateDirectories: false)
        for force in [[], ["--force"]] {
            try folder.expectRefusal(arguments + ["out"] + force, status: 73, words: ["out"])
        }
    }

    /// A rename over a device would replace the device by a file.
    @Test(arguments: writers) func outputIsPipe(_ arguments: [String]) throws {
        try writeShard()
        try #require(mkfifo(folder.path("out"), 0o600) == 0)
        try folder.expectRefusal(arguments + ["out", "--force"], status: 73, words: ["out"])
    }

    @Test(arguments: writers) func outputWithoutName(_ arguments: [String]) throws {
        try writeShard()
        try folder.expectRefusal(arguments + [""], status: 73, words: [])
    }

    /// `merge` needs something to merge; the other writers do not look at it.
    private func writeShard() throws {
        try folder.succeed(
            ["study", "a.h5", "--no-cache", "--statistic", "full", "--shard", "1/1", "-o", "a.csv"])
    }
}
