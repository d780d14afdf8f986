import Foundation
import Testing

/// scripts/slurm-study, on this machine and with an sbatch of the test's own.
@Suite struct SlurmStudyTests {
    private let folder: TemporaryFolder

    /// An sbatch that runs the array's tasks at once, one after another, and keeps its own words in `submitted`.
    private static let sbatch = """
        #!/usr/bin/env bash
        echo "$*" >>submitted
        script="$(cat)"
        for option in "$@"; do case "$option" in --array=*) tasks="${option#*=}" ;; esac; done
        for task in ${tasks//,/ }; do SLURM_ARRAY_TASK_ID="$task" bash <<<"$script" || true; done
        [ -n "$tasks" ] || bash <<<"$script" || true
        wc -l <submitted
        """

    init() throws {
        folder = try TemporaryFolder()
        try folder.write([("a b", try geometricMatrix(order: 24)), ("c", try geometricMatrix(order: 9))], to: "the input.h5")
        try FileManager.default.createDirectory(atPath: folder.path("bin"), withIntermediateDirectories: false)
        for (name, text) in [("sbatch", SlurmStudyTests.sbatch), ("squeue", "#!/bin/sh\n")] {
            try folder.write(text, to: "bin/\(name)")
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path("bin/\(name)"))
        }
    }

    private func slurmStudy(_ arguments: [String], path: String = "bin:") throws -> ProgramRun {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("scripts/slurm-study").path
        let inherited = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return try folder.runOther(
            ["PATH=\(path)\(inherited)", "FOURTHROOT_PROGRAM=\(programPath())", "bash", script] + arguments)
    }

    private func expectWholeStudy(_ name: String) throws {
        try folder.succeed(["study", "the input.h5", "--bits", "4", "--matrix", "?*", "--no-cache", "-o", "whole.csv"])
        #expect(
            try StudyTable(folder.text(name)).withoutSeconds == StudyTable(folder.text("whole.csv")).withoutSeconds)
        #expect(!folder.contains("\(name).shards"))
    }

    private static let options = ["--", "--bits", "4", "--matrix", "?*", "--no-cache"]

    @Test func shardsOnThisMachine() throws {
        let run = try slurmStudy(["the input.h5", "--shards", "3", "-o", "a b.csv", "--local", "2"] + SlurmStudyTests.options)
        #expect(run.status == 0, "\(run)")
        try expectWholeStudy("a b.csv")
    }

    /// A shard cannot be written at first. The second call submits that shard alone, and the merge.
    @Test func goesOnWithWhatIsMissing() throws {
        let arguments = ["the input.h5", "--shards", "3", "-o", "a b.csv"] + SlurmStudyTests.options
        try FileManager.default.createDirectory(atPath: folder.path("a b.csv.shards"), withIntermediateDirectories: false)
        try FileManager.default.createDirectory(
            atPath: folder.path("a b.csv.shards/2.csv.partial"), withIntermediateDirectories: false)
        #expect(try slurmStudy(arguments).status == 0)
        #expect(!folder.contains("a b.csv"))
        try folder.remove("a b.csv.shards/2.csv.partial")
        #expect(try slurmStudy(arguments).status == 0)
        let arrays = try folder.text("submitted").components(separatedBy: "\n").filter { $0.contains("--array") }
        #expect(arrays.map { $0.contains("--array=1,2,3 ") } == [true, false])
        #expect(arrays.map { $0.contains("--array=2 ") } == [false, true])
        try expectWholeStudy("a b.csv")
    }

    @Test func whatContradicts() throws {
        try folder.write("", to: "there.csv")
        let input = "the input.h5"
        for (status, word, arguments) in [
            (64, "--shards", [input, "-o", "o.csv"]), (64, "-o", [input, "--shards", "2"]),
            (64, "behind --", [input, "--shards", "2", "-o", "o.csv", "--bits", "4"]),
            (64, "--resume", [input, "--shards", "2", "-o", "o.csv", "--", "--resume"]),
            (66, "nothing.h5", ["nothing.h5", "--shards", "2", "-o", "o.csv"]),
            (73, "there.csv", [input, "--shards", "2", "-o", "there.csv"]),
        ] {
            let run = try slurmStudy(arguments)
            #expect(run.status == Int32(status) && run.standardError.contains(word), "\(arguments): \(run)")
        }
        // Other options than those of the shards that are there.
        try FileManager.default.createDirectory(atPath: folder.path("o.csv.shards"), withIntermediateDirectories: false)
        try folder.write("other words\n", to: "o.csv.shards/study")
        #expect(try slurmStudy([input, "--shards", "2", "-o", "o.csv"]).status == 73)
    }
}
