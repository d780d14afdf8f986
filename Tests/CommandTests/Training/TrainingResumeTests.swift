import Foundation
import MatrixCore
import Testing

/// A training that was killed or stopped goes on and gives, byte for byte, what the uninterrupted one gives.
@Suite struct TrainingResumeTests {
    /// One of every kind of state; the archives of all storages have tests of their own.
    private static let storages = ["eigenvector", "feedback", "householder", "deflated beside", "kfac"]

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

    /// kill -9 when the first row is there, then at seeded moments until the training is through.
    @Test(arguments: storages) func killed(_ storage: String) throws {
        let expected = try uninterrupted(storage)
        let folder = try TemporaryFolder()
        var generator = PhiloxGenerator(seed: storage.utf8.reduce(0) { 31 &* $0 &+ UInt64($1) })
        var kills = 0
        while kills < 3 {
            let running = try folder.start(arguments(storage) + (kills == 0 ? [] : ["--resume"]))
            if kills == 0 {
                while try !folder.hasRows(of: "log.csv") && !running.hasEnded { usleep(200) }
            } else {
                usleep(UInt32(50_000 + 400_000 * generator.uniform()))
            }
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
        var (folder, run) = try interrupted(by: signal)
        // On a busy machine the signal may come after the end.
        for _ in 0..<10 where run.status == 0 { (folder, run) = try interrupted(by: signal) }
        #expect(run.status == 75 && run.standardError.contains("--resume"), "\(run)")
        // A checkpoint of the very step at which it stopped.
        let steps = try logWithoutTimes(folder.text("log.csv")).count - 1
        let last = String(format: "checkpoints/step-%08d.h5", steps)
        #expect(folder.contains(last))
        if steps % 3 != 0 { try folder.remove(last) }
        try folder.succeed(arguments("eigenvector") + ["--resume"])
        #expect(try Records(folder) == expected)
    }

    /// A training that gets a signal once it has done five steps.
    private func interrupted(by signal: Int32) throws -> (folder: TemporaryFolder, run: ProgramRun) {
        let folder = try TemporaryFolder()
        let running = try folder.start(arguments("eigenvector"))
        while !((try? folder.text("log.csv").contains("\n5,")) ?? false) && !running.hasEnded { usleep(1000) }
        running.send(signal)
        return (folder, try running.wait(timeout: 60))
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
            (["--learning-rate", "0.5"], ["learning-rate was 0.001 and is 0.5"]),
            (["--bits", "5"], ["bits was 4 and is 5"]),
            (["--label-smoothing", "0.1"], ["label-smoothing"]),
            (["--warm-up", "2"], ["warm-up was 1 and is 2"]),
            (["--accumulate", "2"], ["accumulate was not given and is 2"]),
            (["--no-precondition-vocabulary"], ["precondition-vocabulary was not given and is false"]),
        ] { try folder.expectRefusal(again + options, status: 64, words: words + ["step-00000006.h5"]) }
        try folder.expectRefusal(
            again.map { $0 == "6" ? "12" : $0 }, status: 64, words: ["steps was 6 and is 12"])
    }

    /// A statistic is the one before it was last coded, or it is not there: never one of long ago.
    @Test func dumpsMayBeginAndEndWithAResumedRun() throws {
        let dumping = ["--dump", "dump.h5", "--dump-every", "1"] + SmallTraining.dumped
        func leg(_ steps: Int) throws -> [String] {
            try SmallTraining.arguments("eigenvector", steps: steps) + SmallTraining.records + ["--schedule", "constant"]
        }
        let (whole, folder) = (try TemporaryFolder(), try TemporaryFolder())
        try whole.succeed(leg(11) + dumping)
        try folder.succeed(leg(4) + dumping)
        try folder.succeed(leg(8) + ["--resume"])
        try folder.remove("dump.h5")
        try folder.succeed(leg(11) + ["--resume"] + dumping)
        let expected = try contents(ofHDF5: whole.path("dump.h5"))
        let dumped = try contents(ofHDF5: folder.path("dump.h5"))
        for (name, values) in dumped { #expect(values == expected[name], "\(name)") }
        // Statistics are updated on even steps.
        let statistic = "blocks.0.attention.output.weight/0_0/left/statistic"
        #expect(dumped["steps/00000009/\(statistic)"] == nil)
        #expect(dumped["steps/00000010/\(statistic)"] != nil && dumped["steps/00000011/\(statistic)"] != nil)
    }

    @Test func recordsOfOtherRunsAreKept() throws {
        let folder = try TemporaryFolder()
        let dumping = ["--dump", "d.h5", "--dump-every", "1"]
        let first = try SmallTraining.arguments("exact", steps: 4) + ["--log", "l.csv", "--seed", "1"] + dumping
        try folder.succeed(first)
        let (log, dump) = (try folder.data("l.csv"), try folder.data("d.h5"))
        let other = try SmallTraining.arguments("exact", steps: 4) + ["--seed", "2", "--resume"]
        try folder.expectRefusal(
            other + ["--log", "l.csv", "--checkpoint", "new"], status: 73, words: ["l.csv", "new"])
        try FileManager.default.createDirectory(atPath: folder.path("empty"), withIntermediateDirectories: false)
        try folder.expectRefusal(
            other + dumping + ["--checkpoint", "empty"], status: 64, words: ["d.h5", "seed was 1 and is 2"])
        #expect(try folder.data("l.csv") == log && folder.data("d.h5") == dump)
    }

    /// Versions without these options wrote nothing of them, and their checkpoints go on.
    @Test func whatIsUsualIsNotKept() throws {
        let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
        try folder.succeed(SmallTraining.arguments("exact", steps: 6) + SmallTraining.records)
        try other.succeed(
            SmallTraining.arguments("exact", steps: 6) + SmallTraining.records
                + ["--accumulate", "1", "--precondition-vocabulary"])
        let name = "checkpoints/step-00000006.h5"
        #expect(try folder.data(name) == other.data(name))
    }

    @Test func otherDataAreRefused() throws {
        let folder = try TemporaryFolder()
        let arguments = [
            "train", "--model", "gpt", "--layers", "1", "--width", "16", "--heads", "2", "--context", "8", "--optimizer",
            "adamw", "--batch-size", "4", "--threads", "1", "--dataset", "text", "--schedule", "constant", "--checkpoint",
            "checkpoints", "--quiet", "--log", "l.csv",
        ]
        try folder.write(String(repeating: "abc ", count: 500), to: "a.txt")
        try folder.write(String(repeating: "abc ", count: 499) + "bca ", to: "b.txt")
        try folder.succeed(arguments + ["--steps", "2", "--data", "a.txt"])
        try folder.expectRefusal(
            arguments + ["--steps", "4", "--data", "b.txt", "--resume"], status: 64, words: ["data-fingerprint was 2000 tokens"]
        )
        // The same text at another place.
        try folder.write(String(repeating: "abc ", count: 500), to: "c.txt")
        try folder.succeed(arguments + ["--steps", "4", "--data", "c.txt", "--resume"])
    }

    @Test func theLogOfAnotherRunIsRefused() throws {
        let folder = try TemporaryFolder()
        func arguments(seed: Int, log: String, steps: Int) throws -> [String] {
            try SmallTraining.arguments("none", steps: steps)
                + ["--schedule", "constant", "--seed", "\(seed)", "--quiet"]
                + ["--log", log, "--checkpoint", "checkpoints-\(seed)"]
        }
        for seed in [1, 2] { try folder.succeed(arguments(seed: seed, log: "\(seed).csv", steps: 3)) }
        let before = try folder.data("2.csv")
        try folder.expectRefusal(
            arguments(seed: 1, log: "2.csv", steps: 6) + ["--resume"], status: 65, words: ["2.csv", "another run", "--log"])
        #expect(try folder.data("2.csv") == before)
        try folder.succeed(arguments(seed: 1, log: "1.csv", steps: 6) + ["--resume"])
    }

    @Test func aDamagedCheckpointLeavesTheOneBeforeIt() throws {
        let folder = try TemporaryFolder()
        let arguments = try SmallTraining.arguments("none", steps: 6) + SmallTraining.records
        try folder.succeed(arguments)
        try folder.write("", to: "checkpoints/step-00000006.h5")
        try folder.expectRefusal(
            arguments + ["--resume"], status: 65, words: ["step-00000006.h5", "remove it", "step-00000003.h5"])
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

    /// Log, dump and checkpoints are one set: who has one of them in use keeps other runs off all.
    @Test func aRunInProgressKeepsOthersOff() throws {
        let folder = try TemporaryFolder()
        let dumping = ["--dump", "dump.h5", "--dump-every", "1000"]
        let running = try folder.start(SmallTraining.arguments("exact", steps: 100_000) + SmallTraining.records + dumping)
        while !folder.contains("checkpoints/step-00000003.h5") && !running.hasEnded { usleep(1000) }
        let second = try SmallTraining.arguments("exact", steps: 100_000)
        for records in [
            SmallTraining.records, ["--log", "log.csv", "--checkpoint", "other"], ["--log", "other.csv"] + dumping,
            ["--log", "other.csv", "--checkpoint", "other"] + dumping,
        ] {
            for option in ["--resume", "--force"] where option != "--resume" || records.contains("--checkpoint") {
                let run = try folder.run(second + records + [option])
                #expect(run.status == 73, "\(records) \(option): \(run)")
                let isTaken = run.standardError.contains("another run") || run.standardError.contains("folder other")
                #expect(isTaken, "\(run)")
                #expect(!folder.contains("other") && !folder.contains("other.csv"), "\(records) \(option)")
            }
        }
        running.send(SIGTERM)
        #expect(try running.wait(timeout: 60).status == 75)
        let steps = try logWithoutTimes(folder.text("log.csv")).dropFirst().map { $0[0] }
        #expect(steps == (1...steps.count).map { "\($0)" })
        #expect(try folder.names == ["checkpoints", "dump.h5", "log.csv"])
    }

    /// What a kill leaves before the log has its header, or before anything has come into the folders.
    @Test func killsBeforeTheFirstStepAreNoObstacle() throws {
        let expected = try uninterrupted("eigenvector")
        for text in ["", "step,epoch,lo"] {
            let folder = try TemporaryFolder()
            for name in ["checkpoints", "dump.h5.steps"] {
                try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: false)
            }
            try folder.write(text, to: "log.csv")
            try folder.write("half", to: "dump.h5.steps/links.h5")
            try folder.succeed(arguments("eigenvector") + ["--resume"])
            #expect(try Records(folder) == expected)
            #expect(try folder.names == ["checkpoints", "dump.h5", "log.csv"])
        }
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
    /// A bit changed anywhere is noticed, or without effect: never a run that goes on from other numbers.
    @Test func aChangedBitIsNoticed() throws {
        let folder = try TemporaryFolder()
        let arguments = try SmallTraining.arguments("eigenvector", steps: 5) + SmallTraining.records
        try folder.succeed(arguments)
        let (sound, log) = (try folder.data("checkpoints/step-00000003.h5"), try logWithoutTimes(folder.text("log.csv")))
        var generator = PhiloxGenerator(seed: 62)
        var refusals = 0
        for _ in 0..<30 {
            var bytes = sound
            bytes[2048 + Int(Double(bytes.count - 2048) * generator.uniform())] ^= 1 << UInt8(generator.next() % 8)
            if folder.contains("checkpoints/step-00000005.h5") { try folder.remove("checkpoints/step-00000005.h5") }
            try folder.write(bytes, to: "checkpoints/step-00000003.h5")
            let run = try folder.run(arguments + ["--resume"])
            if run.status == 65 {
                refusals += 1
                #expect(run.standardError.contains("step-00000003.h5"), "\(run)")
            } else {
                #expect(run.status == 0, "\(run)")
                #expect(try logWithoutTimes(folder.text("log.csv")) == log)
            }
        }
        // Nearly all of the file are the values of buffers.
        #expect(refusals >= 25)
    }
}

extension TemporaryFolder {
    /// Whether a table has more than its header.
    fileprivate func hasRows(of name: String) throws -> Bool {
        try contains(name) && text(name).split(separator: "\n").count > 1
    }
}
