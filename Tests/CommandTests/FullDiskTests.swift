import Foundation
import Testing

/// A disk that is full: 74, and no output.
@Suite(.enabled(if: SmallDisk.isPermitted, "mounting a tmpfs is not permitted here"))
struct FullDiskTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func study() throws {
        try folder.writeSoundFile(order: 24)
        let disk = try SmallDisk(kibibytes: 64, in: folder)
        let arguments = ["study", "a.h5", "--no-cache", "--preset", "pareto", "--damping", "0,1e-4", "-o"]
        let run = try folder.run(arguments + ["disk/out.csv"])
        #expect(run.status == 74, "\(run)")
        #expect(run.standardError.contains("disk/out.csv") && run.standardError.contains("No space left"))
        #expect(try disk.names == ["out.csv.partial"])
        // With room again, the study goes on.
        try disk.grow(kibibytes: 1024)
        try folder.succeed(arguments + ["disk/out.csv", "--resume"])
        try folder.succeed(arguments + ["whole.csv"])
        #expect(
            try StudyTable(folder.text("disk/out.csv")).withoutSeconds == StudyTable(folder.text("whole.csv")).withoutSeconds)
        #expect(try disk.names == ["out.csv"])
    }

    /// The partial file fits, the output beside it does not.
    @Test func studyAtItsEnd() throws {
        try folder.writeSoundFile(order: 24)
        let arguments = ["study", "a.h5", "--no-cache", "--preset", "pareto", "-o"]
        try folder.succeed(arguments + ["whole.csv"])
        let bytes = try folder.data("whole.csv").count
        let disk = try SmallDisk(kibibytes: bytes * 3 / 2 / 1024, in: folder)
        let run = try folder.run(arguments + ["disk/out.csv"])
        #expect(run.status == 74, "\(run)")
        #expect(try disk.names == ["out.csv.partial"])
        try disk.grow(kibibytes: 1024)
        try folder.succeed(arguments + ["disk/out.csv", "--resume"])
        #expect(
            try StudyTable(folder.text("disk/out.csv")).withoutSeconds == StudyTable(folder.text("whole.csv")).withoutSeconds)
    }

    @Test func noRoomAtAll() throws {
        try folder.writeSoundFile(order: 24)
        let disk = try SmallDisk(kibibytes: 4, in: folder)
        try Data(count: 4096).write(to: URL(fileURLWithPath: disk.path + "/fill"))
        for arguments in UsageTests.writers where arguments[0] != "merge" {
            let run = try folder.run(arguments + ["disk/out"])
            #expect(run.status == 74 || run.status == 73, "\(arguments): \(run)")
            #expect(run.standardError.contains("disk/out"), "\(run.standardError)")
            #expect(try disk.names == ["fill"], "\(arguments)")
        }
    }

    static let writers: [[String]] = [
        ["codebook", "--codebook", "linear", "--bits", "4", "--curve", "-o", "disk/out"],
        ["synthesize", "--order", "96", "--spectrum", "geometric", "-o", "disk/out"],
        ["quantize", "a.h5", "--matrix", "matrix", "-o", "disk/out"],
        ["spectrum", "a.h5", "-o", "disk/out"],
        ["orthogonality", "a.h5", "--block", "1:96", "-o", "disk/out"],
    ]

    @Test(arguments: writers) func otherOutputs(_ arguments: [String]) throws {
        try folder.writeSoundFile(order: 96)
        let disk = try SmallDisk(kibibytes: 16, in: folder)
        let run = try folder.run(arguments)
        #expect(run.status == 74, "\(run)")
        #expect(run.standardError.contains("disk/out") && run.standardError.contains("No space left"), "\(run)")
        #expect(try disk.names == [])
    }

    /// Standard output on a full disk.
    @Test func standardOutput() throws {
        try folder.writeSoundFile(order: 24)
        for arguments in [
            ["study", "a.h5", "--no-cache"], ["codebook", "--codebook", "linear", "--bits", "4"], ["inspect", "a.h5"],
            ["devices"], ["study", "a.h5", "--print-plan"],
        ] {
            let words = ([try programPath()] + arguments).map { "'\($0)'" }.joined(separator: " ")
            let run = try folder.runOther(["sh", "-c", "\(words) > /dev/full"])
            #expect(run.status == 74, "\(arguments): \(run)")
        }
    }
}
