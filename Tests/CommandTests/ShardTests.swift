import Foundation
import Testing

/// Shards of a study and their merge.
@Suite struct ShardTests {
    private let folder: TemporaryFolder
    private static let study = ["study", "a.h5", "--no-cache"]

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(
            [
                ("a, \"quoted\"\nname", try geometricMatrix(order: 24)), ("b", try geometricMatrix(order: 9)),
                ("c", try geometricMatrix(order: 40)),
            ], to: "a.h5")
    }

    private func writeShards(_ count: Int, _ options: [String] = [], prefix: String = "s") throws -> [String] {
        try (1...count).map { index in
            let name = "\(prefix)\(index).csv"
            try folder.succeed(ShardTests.study + options + ["--shard", "\(index)/\(count)", "-o", name])
            return name
        }
    }

    @Test(arguments: [1, 2, 3, 7]) func mergedEqualsWhole(_ count: Int) throws {
        let shards = try writeShards(count)
        try folder.succeed(ShardTests.study + ["-o", "whole.csv"])
        let whole = try StudyTable(folder.text("whole.csv"))
        // Every row is in one shard, whichever order the shards come in.
        #expect(try shards.map { try StudyTable(folder.text($0)).records.count }.reduce(0, +) == whole.records.count)
        try folder.succeed(["merge"] + shards.reversed() + ["-o", "merged.csv"])
        let merged = try StudyTable(folder.text("merged.csv"))
        #expect(merged.withoutSeconds == whole.withoutSeconds)
        #expect(try folder.text("merged.csv").split(separator: "\n")[0] == folder.text("whole.csv").split(separator: "\n")[0])
        let printed = try folder.succeed(["merge"] + shards)
        #expect(try printed.standardOutput == folder.text("merged.csv"))
    }

    /// The seconds of a shard are in the merge, byte for byte.
    @Test func mergeKeepsEveryField() throws {
        let shards = try writeShards(3)
        try folder.succeed(["merge"] + shards + ["-o", "merged.csv"])
        let merged = try StudyTable(folder.text("merged.csv"))
        let parts = try shards.map { try StudyTable(folder.text($0)) }
        #expect(parts.flatMap(\.records).map { Array($0.prefix(merged.header.count)) } == merged.records)
    }

    /// Shards computed from copies of the input under other paths: one study, under the first one's path.
    @Test func copiesOfTheInput() throws {
        try FileManager.default.createDirectory(atPath: folder.path("copy"), withIntermediateDirectories: false)
        try folder.write(folder.data("a.h5"), to: "copy/b.h5")
        for (index, input) in ["copy/b.h5", "a.h5", "./a.h5"].enumerated() {
            try folder.succeed(["study", input, "--no-cache", "--shard", "\(index + 1)/3", "-o", "s\(index + 1).csv"])
        }
        try folder.succeed(["merge", "s3.csv", "s2.csv", "s1.csv", "-o", "merged.csv"])
        try folder.succeed(["study", "copy/b.h5", "--no-cache", "-o", "whole.csv"])
        #expect(
            try StudyTable(folder.text("merged.csv")).withoutSeconds == StudyTable(folder.text("whole.csv")).withoutSeconds)
    }

    @Test func moreShardsThanRows() throws {
        let shards = try writeShards(4, ["--matrix", "b", "--statistic", "full"])
        try folder.succeed(["merge"] + shards + ["-o", "merged.csv"])
        #expect(try StudyTable(folder.text("merged.csv")).records.count == 1)
    }

    @Test func shardIsInterruptedAndResumed() throws {
        let whole = ShardTests.study + ["--preset", "pareto", "--shard", "2/2", "-o", "s2.csv"]
        try folder.succeed(whole)
        let expected = try StudyTable(folder.text("s2.csv")).withoutSeconds
        try folder.remove("s2.csv")
        let running = try folder.start(whole)
        while !running.hasEnded && !folder.contains("s2.csv.partial") { usleep(500) }
        usleep(100_000)
        running.send(SIGTERM)
        #expect(try [75, 0].contains(running.wait(timeout: 60).status))
        if folder.contains("s2.csv.partial") {
            try folder.expectRefusal(
                ShardTests.study + ["--preset", "pareto", "--shard", "1/2", "-o", "s2.csv", "--resume"], status: 65,
                words: ["another study"])
            try folder.succeed(whole + ["--resume"])
        }
        #expect(try StudyTable(folder.text("s2.csv")).withoutSeconds == expected)
    }

    private func expectMergeRefused(
        _ shards: [String], _ words: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try folder.expectRefusal(
            ["merge"] + shards + ["-o", "merged.csv"], status: 65, words: words, sourceLocation: sourceLocation)
    }

    @Test func wrongSetsOfShards() throws {
        let shards = try writeShards(3)
        for missing in 0..<3 {
            try expectMergeRefused(shards.enumerated().filter { $0.offset != missing }.map(\.element), ["missing"])
        }
        try expectMergeRefused(shards + [shards[1]], ["s2.csv", "also in"])
        let others = try writeShards(3, ["--damping", "1e-4"], prefix: "other")
        try expectMergeRefused([shards[0], shards[1], others[2]], ["other3.csv", "another study"])
        let halves = try writeShards(2, prefix: "half")
        try expectMergeRefused([halves[0]] + shards, ["also in half1.csv"])
        try folder.succeed(ShardTests.study + ["-o", "plain.csv"])
        try expectMergeRefused(["plain.csv"], ["plain.csv", "not a shard"])
        try expectMergeRefused(shards + ["plain.csv"], ["plain.csv", "not a shard"])
        try folder.expectRefusal(["merge", "s1.csv", "s9.csv", "-o", "merged.csv"], status: 66, words: ["s9.csv"])
        try expectMergeRefused(["a.h5"], ["a.h5"])
    }

    /// Shards of a version that had fewer columns at the end are merged as they are, and with none that has more.
    @Test func shardsOfAnEarlierVersion() throws {
        let shards = try writeShards(2)
        let whole = try shards.map { try StudyTable(folder.text($0)) }
        for (name, table) in zip(shards, whole) {
            // Without the last nine columns before the four of shards; no field of this study has a comma but a name.
            let records = ([table.header] + table.records).map { Array($0.dropLast(13) + $0.suffix(4)) }
            try folder.write(
                records.map { $0.map { "\"\($0.replacing("\"", with: "\"\""))\"" }.joined(separator: ",") + "\n" }.joined(),
                to: "old-\(name)")
        }
        try folder.succeed(["merge"] + shards.map { "old-\($0)" } + ["-o", "merged.csv"])
        let merged = try StudyTable(folder.text("merged.csv"))
        #expect(merged.header == Array(whole[0].header.dropLast(13)))
        #expect(merged.records == whole.flatMap(\.records).map { Array($0.dropLast(13)) })
        try folder.remove("merged.csv")
        try expectMergeRefused([shards[0], "old-\(shards[1])"], ["old-s2.csv", "another version"])
    }

    /// Cut anywhere, a shard is refused; only its last line feed may be missing.
    @Test func truncatedShard() throws {
        let shards = try writeShards(2)
        let whole = try folder.data("s2.csv")
        let lines = whole.indices.filter { whole[$0] == 0x0A }
        let last = lines[lines.count - 2] + 1
        for length in [
            0, 1, 300, lines[0] + 1, lines[1] + 1, whole.count / 2, last, last + 40, whole.count - 2, whole.count - 40,
        ] {
            try folder.write(whole.prefix(length), to: "s2.csv")
            try expectMergeRefused(shards, [])
        }
    }
}
