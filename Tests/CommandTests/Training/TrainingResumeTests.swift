import Foundation
import MatrixCore
import Testing

/// A training that was killed or stopped goes on and gives, byte for byte, what the uninterrupted one gives.
@Suite struct TrainingResumeTests {
    private static let storages = SmallTraining.storages.map(\.name)

    /// Log, checkpoints and dump of a run.
    private struct Records: Equatable {
        let log: [[String]]
        let checkpoints: [String: Data]
        let dump: [String: [Float]]

        init(_ folder: TemporaryFolder) throws {
            log = try logWithoutTimes(folder.text("log.csv"))
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("checkpoints"))
            checkpoints = try Dictionary(uniqueKeysWithValues: names.map { ($0, try folder.data("checkpoints/\($0)")) })
            dump = folder.contains("dump.h5") ? try contents(ofHDF5: folder.path("dump.h5")) : [:]
        }
    }

    private func arguments(_ storage: String) throws -> [String] {
        try SmallTraining.arguments(storage) + SmallTraining.records + SmallTraining.dumping(storage)
    }

    private func uninterrupted(_ storage: String) throws -> Records {
        let folder = try TemporaryFolder()
        try folder.succeed(arguments(storage))
        let records = try Records(folder)
        #expect(records.log.count == 25 && records.checkpoints.count == 8)
        let dumped = Set(records.dump.keys.map { $0.split(separator: "/").prefix(2).joined(separator: "/") })
        let expected = ["steps/00000006", "steps/00000012", "steps/00000018", "steps/00000024"]
        #expect(dumped.sorted() == (storage == "none" ? [] : expected))
        return records
    }

    /// kill -9 at seeded moments until the training is through.
    @Test(arguments: storages) func killed(_ storage: String) throws {
        let expected = try uninterrupted(storage)
        let folder = try TemporaryFolder()
        var generator = PhiloxGenerator(seed: UInt64(storage.utf8.reduce(0) { 31 &* $0 &+ Int($1) }))
        var kills = 0
        while kills < 6 {
            let running = try folder.start(arguments(storage) + (kills == 0 ? [] : ["--resume"]))
            usleep(UInt32(50_000 + 400_000 * generator.uniform()))
            running.send(SIGKILL)
            let run = try running.wait(timeout: 60)
            if run.status == 0 { break }
            try #require(run.signal == SIGKILL, "\(run)")
            kills += 1
        }
        try folder.succeed(arguments(storage) + ["--resume"])
        #expect(try Records(folder) == expected)
        #expect(kills > 0)
    }

    @Test(arguments: [SIGINT, SIGTERM]) func stoppedInOrder(_ signal: Int32) throws {
        let expected = try uninterrupted("eigenvector")
        let folder = try TemporaryFolder()
        let running = try folder.start(arguments("eigenvector"))
        while !((try? folder.text("log.csv").contains("\n5,")) ?? false) && !running.hasEnded { usleep(1000) }
        running.send(signal)
        let run = try running.wait(timeout: 60)
        #expect(run.status == 75 && run.standardError.contains("--resume"), "\(run)")
        // A checkpoint of the very step at which it stopped.
        let steps = try logWithoutTimes(folder.text("log.csv")).count - 1
        let last = String(format: "checkpoints/step-%08d.h5", steps)
        #expect(folder.contains(last))
        if steps % 3 != 0 { try folder.remove(last) }
        try folder.succeed(arguments("eigenvector") + ["--resume"])
        #expect(try Records(folder) == expected)
    }

    @Test func longerWhereTheLearningRateDoesNotDependOnTheEnd() throws {
        let folder = try TemporaryFolder()
        let constant = SmallTraining.records + ["--schedule", "constant"]
        try folder.succeed(SmallTraining.arguments("householder", steps: 9) + constant)
        try folder.succeed(SmallTraining.arguments("householder", steps: 15) + constant + ["--resume"])
        let whole = try TemporaryFolder()
        try whole.succeed(SmallTraining.arguments("householder", steps: 15) + constant)
        let name = "checkpoints/step-00000015.h5"
        #expect(try folder.data(name) == whole.data(name))
    }

    @Test func otherOptionsAreRefusedByName() throws {
        let folder = try TemporaryFolder()
        try folder.succeed(SmallTraining.arguments("eigenvector", steps: 6) + SmallTraining.records)
        let again = try SmallTraining.arguments("eigenvector", steps: 6) + SmallTraining.records + ["--resume"]
        for (options, words) in [
            (["--seed", "5"], ["seed was 0 and is 5"]),
            (["--learning-rate", "0.5"], ["learningRate was 0.001 and is 0.5"]),
            (["--bits", "5"], ["bits was 4 and is 5"]),
            (["--label-smoothing", "0.1"], ["label-smoothing"]),
            (["--warm-up", "2"], ["warm-up was 0 and is 2"]),
        ] { try folder.expectRefusal(again + options, status: 64, words: words + ["step-00000006.h5"]) }
        try folder.expectRefusal(
            again.map { $0 == "6" ? "12" : $0 }, status: 64, words: ["steps was 6 and is 12"])
    }

    @Test func aFolderWithCheckpointsIsNotStartedInAgain() throws {
        let folder = try TemporaryFolder()
        let arguments = try SmallTraining.arguments("none", steps: 3) + SmallTraining.records
        try folder.succeed(arguments)
        try folder.expectRefusal(arguments, status: 73, words: ["log.csv", "--force"])
        try folder.remove("log.csv")
        try folder.expectRefusal(arguments, status: 73, words: ["checkpoints", "--resume", "--force"])
        try folder.succeed(arguments + ["--force"])
    }

    /// Two runs that write one log or one folder would spoil both.
    @Test func aRunInProgressKeepsOthersOff() throws {
        let folder = try TemporaryFolder()
        let running = try folder.start(SmallTraining.arguments("exact", steps: 100_000) + SmallTraining.records)
        while !folder.contains("checkpoints/step-00000003.h5") && !running.hasEnded { usleep(1000) }
        let second = try SmallTraining.arguments("exact", steps: 100_000) + SmallTraining.records
        for option in ["--resume", "--force"] {
            let run = try folder.run(second + [option])
            #expect(run.status == 73 && run.standardError.contains("another run"), "\(run)")
        }
        let log = try folder.run(SmallTraining.arguments("exact", steps: 2) + ["--log", "log.csv", "--force"])
        #expect(log.status == 74 && log.standardError.contains("another run"), "\(log)")
        running.send(SIGTERM)
        #expect(try running.wait(timeout: 60).status == 75)
        let steps = try logWithoutTimes(folder.text("log.csv")).dropFirst().map { $0[0] }
        #expect(steps == (1...steps.count).map { "\($0)" })
    }

    /// A byte changed anywhere gives the same state or a refusal, never a trap.
    @Test func damagedCheckpointsAreRefused() throws {
        let folder = try TemporaryFolder()
        let arguments = try SmallTraining.arguments("feedback", steps: 6) + SmallTraining.records
        try folder.succeed(arguments)
        let sound = try folder.data("checkpoints/step-00000006.h5")
        var generator = PhiloxGenerator(seed: 8)
        for _ in 0..<24 {
            var bytes = sound
            if generator.uniform() < 0.25 {
                bytes = bytes.prefix(Int(Double(bytes.count) * generator.uniform()))
            } else {
                for _ in 0..<16 {
                    bytes[Int(Double(bytes.count) * generator.uniform())] = UInt8(truncatingIfNeeded: generator.next())
                }
            }
            try folder.write(bytes, to: "checkpoints/step-00000006.h5")
            let run = try folder.run(arguments + ["--resume"])
            #expect(run.status == 0 || run.status == 65 || run.status == 64, "\(run)")
            if run.status != 0 { #expect(run.standardError.contains("step-00000006.h5"), "\(run)") }
        }
    }
}
