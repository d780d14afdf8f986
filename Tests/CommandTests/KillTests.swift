import Foundation
import Testing

/// Killed before a system call that changes a file: afterwards there is no output, the old one or the whole new one, and
/// nothing of anybody else's has changed.
@Suite(.enabled(if: hasStrace, "needs strace, and permission to trace"))
struct KillTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in KillTests.others { try folder.write("precious", to: name) }
    }

    /// What the names of temporary files have been or might be taken for.
    private static let others = [".out.csv.1.2.partial", "out.csv.tmp"]

    static let calls = [
        ("write", 1), ("write", 2), ("fsync", 1), ("fsync", 2), ("linkat", 1), ("linkat", 2), ("rename", 1), ("unlink", 1),
    ]

    /// Runs the program and kills it before one of its calls.
    private func kill(_ arguments: [String], before call: String, _ count: Int) throws {
        let injection = "inject=\(call):signal=SIGKILL:when=\(count)"
        _ = try folder.runOther(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", injection, programPath()] + arguments)
        for name in KillTests.others { #expect(try folder.text(name) == "precious", "\(call) \(count)") }
    }

    @Test(arguments: calls, [false, true]) func output(_ kill: (call: String, count: Int), replaces: Bool) throws {
        let arguments = ["codebook", "--codebook", "linear", "--bits", "3", "-o"]
        try folder.succeed(arguments + ["whole.csv"])
        if replaces { try folder.write("old", to: "out.csv") }
        try self.kill(arguments + ["out.csv", "--force"], before: kill.call, kill.count)
        let found = try? folder.text("out.csv")
        #expect(try found == folder.text("whole.csv") || found == (replaces ? "old" : nil))
        // The next run removes what this one has left.
        try folder.write("old", to: "out.csv")
        try folder.succeed(arguments + ["out.csv", "--force"])
        #expect(try folder.names == (KillTests.others + ["out.csv", "whole.csv"]).sorted())
    }

    @Test(arguments: calls) func study(_ kill: (call: String, count: Int)) throws {
        try folder.writeSoundFile(order: 12)
        let arguments = ["study", "a.h5", "--no-cache", "--quiet", "--statistic", "full", "--bits", "3:5", "-o"]
        try folder.succeed(arguments + ["whole.csv"])
        try self.kill(arguments + ["out.csv"], before: kill.call, kill.count)
        let isThere = folder.contains("out.csv") && !folder.contains("out.csv.partial")
        if !isThere { try folder.succeed(arguments + ["out.csv", "--resume"]) }
        let whole = try StudyTable(folder.text("whole.csv")).withoutSeconds
        #expect(try StudyTable(folder.text("out.csv")).withoutSeconds == whole)
        #expect(try folder.names == [".out.csv.1.2.partial", "a.h5", "out.csv", "out.csv.tmp", "whole.csv"])
    }
}

private let hasStrace: Bool = {
    guard let folder = try? TemporaryFolder() else { return false }
    return (try? folder.runOther(["strace", "-qq", "-o", "/dev/null", "true"]))?.status == 0
}()
