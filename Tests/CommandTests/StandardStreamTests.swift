import Foundation
import Testing

/// Standard streams that are closed, full or broken, and the largest size of a file.
@Suite struct StandardStreamTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Runs the program in a shell with redirections behind its arguments.
    private func run(_ arguments: [String], _ redirections: String, before: String = "") throws -> ProgramRun {
        let words = ([try programPath()] + arguments).map { "'\($0)'" }.joined(separator: " ")
        return try folder.runOther(["bash", "-c", "\(before) \(words) \(redirections)"])
    }

    private static let training = [
        "train", "--model", "mlp", "--layers", "1", "--hidden", "4", "--dataset", "synthetic", "--optimizer", "sgdm",
        "--batch-size", "8", "--validation-batches", "1", "--steps", "3", "--log", "log.csv",
    ]

    /// A message that cannot be written changes nothing.
    @Test(arguments: ["2>/dev/full", "2>&-", "0<&- 1>&- 2>&-", "2> >(exec true)"])
    func standardErrorThatTakesNothing(_ redirections: String) throws {
        #expect(try run(["study", "none.h5"], redirections).status == 66)
        #expect(try run(StandardStreamTests.training, redirections).status == 0)
        // The log may not get the number of a closed stream, and the messages with it.
        let log = try folder.text("log.csv").split(separator: "\n")
        #expect(log.count == 4 && log[0].hasPrefix("step,") && log[3].hasPrefix("3,"), "\(log)")
        try folder.remove("log.csv")
    }

    @Test(arguments: [">/dev/full", ">&-"]) func standardOutputThatTakesNothing(_ redirection: String) throws {
        try folder.writeSoundFile(order: 24)
        for arguments in [
            ["study", "a.h5", "--no-cache"], ["codebook", "--codebook", "linear", "--bits", "4"], ["inspect", "a.h5"],
            ["devices"], ["--help"], ["help", "study"], ["--version"], ["study", "a.h5", "--print-plan"],
        ] {
            let run = try run(arguments, redirection)
            #expect(run.status == 74 && run.standardError.contains("standard output"), "\(arguments): \(run)")
        }
    }

    /// A name of a file is shown, not obeyed: no color, no cleared line, no line that passes for another message.
    @Test func controlCharactersOfNames() throws {
        let name = "\u{1B}[2Jnone\r\nfourthroot: note: all is well\u{9B}31m.h5"
        let run = try folder.run(["study", name])
        #expect(run.status == 66)
        let shown = #"\u{1B}[2Jnone\u{D}\nfourthroot: note: all is well\u{9B}31m.h5"#
        #expect(run.standardError.hasPrefix("fourthroot: error: \(shown)"))
        #expect(run.standardError.split(separator: "\n").count == 1)
        #expect(!run.standardError.unicodeScalars.contains { $0 != "\n" && $0.properties.generalCategory == .control })
    }

    /// `ulimit -f`: a file that grows beyond the limit is a failed write, not the end by a signal.
    @Test func largestSizeOfAFile() throws {
        try folder.writeSoundFile(order: 24)
        for arguments in [
            ["study", "a.h5", "--no-cache", "--preset", "pareto", "--quiet", "-o", "out.csv"],
            ["synthesize", "--order", "64", "--spectrum", "geometric", "-o", "out.h5"],
            ["codebook", "--codebook", "linear", "--bits", "8", "--curve", "-o", "out.csv", "--force"],
        ] {
            let run = try run(arguments, "", before: "ulimit -f 4; exec env --default-signal=XFSZ")
            #expect(run.status == 74 && run.standardError.contains("File too large"), "\(arguments): \(run)")
        }
        #expect(try folder.names == ["a.h5", "out.csv.partial"])
    }
}
