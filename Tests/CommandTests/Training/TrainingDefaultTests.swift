import Foundation
import HDF5Store
import Testing

/// What a training takes where nothing is said, what it says of that, and what it keeps.
@Suite struct TrainingDefaultTests {
    private static let gpt = [
        "train", "--model", "gpt", "--dataset", "synthetic", "--optimizer", "adamw", "--layers", "1", "--width", "16",
        "--heads",
        "2", "--context", "8", "--batch-size", "4", "--threads", "1", "--validation-batches", "1",
    ]

    private static let mlp = [
        "train", "--model", "mlp", "--layers", "1", "--hidden", "4", "--dataset", "synthetic", "--optimizer", "sgdm",
        "--batch-size", "4", "--threads", "1", "--validation-batches", "1",
    ]

    /// The options in the lines of settings.
    private func settings(_ text: String) -> [String] {
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("fourthroot: settings: ") }
        return lines.flatMap { $0.split(separator: " ").dropFirst(3).map { String($0) } }
    }

    private func value(_ name: String, _ settings: [String]) -> String? {
        settings.firstIndex(of: name).flatMap { settings.indices.contains($0 + 1) ? settings[$0 + 1] : nil }
    }

    /// Families with their warm-up, decays, clipping and intervals, which the steps decide.
    static let defaults: [(arguments: [String], settings: [String: String])] = [
        (
            gpt + ["--steps", "40", "--statistic", "exact"],
            [
                "--warm-up": "2", "--second-decay": "0.95", "--weight-decay": "0.1", "--clip": "1", "--schedule": "cosine",
                "--statistics-interval": "1", "--root-interval": "4", "--hidden": "64",
            ]
        ),
        (
            mlp + ["--steps", "40"], ["--warm-up": "0", "--weight-decay": "0.0005", "--momentum": "0.9", "--clip": "0"]
        ),
        (
            gpt.map { $0 == "adamw" ? "sgdm" : $0 } + ["--steps", "3"],
            ["--warm-up": "1", "--weight-decay": "0.0005", "--clip": "1"]
        ),
    ]

    @Test(arguments: defaults) func areResolvedAndSaid(_ arguments: [String], _ expected: [String: String]) throws {
        let folder = try TemporaryFolder()
        let run = try folder.succeed(arguments + ["--log", "log.csv"])
        let settings = settings(run.standardError)
        for (name, text) in expected { #expect(value(name, settings) == text, "\(name): \(settings)") }
        #expect(!settings.contains("--decay-all"))
        #expect(try !folder.succeed(arguments + ["--log", "quiet.csv", "--quiet"]).standardError.contains("settings"))
    }

    /// The settings that are said are the options of the same training, and keeping them out of it changes nothing.
    @Test func saidSettingsMakeTheSameTraining() throws {
        let folder = try TemporaryFolder()
        let preconditioner = ["--statistic", "eigenvector", "--root", "offdiagonal"]
        let run = try folder.succeed(Self.gpt + preconditioner + ["--steps", "12", "--log", "a.csv"])
        let again = ["train"] + settings(run.standardError) + ["--validation-batches", "1", "--quiet", "--log", "b.csv"]
        try folder.succeed(again)
        #expect(try logWithoutTimes(folder.text("a.csv")) == logWithoutTimes(folder.text("b.csv")))
    }

    /// An option that is given with the value that it has anyway is no other run's, and files say it with its type.
    @Test func explicitDefaultsGoOn() throws {
        let folder = try TemporaryFolder()
        let records = ["--log", "l.csv", "--checkpoint", "c", "--checkpoint-every", "3", "--dump", "d.h5", "--dump-every", "3"]
        let first = Self.gpt + ["--steps", "6", "--statistic", "exact"] + records
        let run = try folder.succeed(first)
        #expect(run.standardError.contains("d.h5 will get 2 steps of 28 matrices"), "\(run.standardError)")
        try folder.remove("c/step-00000006.h5")
        try folder.succeed(first + ["--quiet", "--resume"] + settings(run.standardError))
        for (path, text) in [("c/step-00000006.h5", "checkpoint"), ("d.h5", "dump")] {
            let attributes = try HDF5File.open(folder.path(path)).attributes()
            let configuration = try #require(attributes["configuration"]?.string)
            let object = try #require(try JSONSerialization.jsonObject(with: Data(configuration.utf8)) as? [String: Any])
            #expect(
                object["seed"] as? Int == 0 && object["layers"] as? Int == 1 && object["weight-decay"] as? Double == 0.1,
                "\(text)")
            #expect(object["decay-all"] as? Bool == false && object["optimizer"] as? String == "adamw", "\(text)")
            #expect(object["root-interval"] as? Int == 1 && object["command"] as? String == "train", "\(text)")
        }
        #expect(try HDF5File.open(folder.path("d.h5")).attributes()["seed"]?.integer == 0)
        for (option, words) in [
            (["--weight-decay", "0.2"], "weight-decay was 0.1 and is 0.2"), (["--clip", "2"], "clip was 1 and is 2"),
            (["--decay-all"], "decay-all was false and is true"),
            (["--second-decay", "0.9"], "second-decay was 0.95 and is 0.9"),
            (["--warm-up", "0"], "warm-up was 1 and is 0"), (["--hidden", "32"], "hidden was 64 and is 32"),
            (["--root-interval", "2"], "root-interval was 1 and is 2"),
        ] { try folder.expectRefusal(first + option + ["--resume"], status: 64, words: [words]) }
    }

    /// A training that is made longer keeps the warm-up and intervals that it began with.
    @Test func longerTrainingsKeepWhatTheyBeganWith() throws {
        let (folder, whole) = (try TemporaryFolder(), try TemporaryFolder())
        let options =
            Self.gpt + ["--statistic", "exact", "--schedule", "constant", "--quiet", "--checkpoint", "c", "--log", "l.csv"]
        try folder.succeed(options + ["--steps", "20"])
        try folder.succeed(options + ["--steps", "60", "--resume"])
        try whole.succeed(options + ["--steps", "60", "--warm-up", "1", "--statistics-interval", "1", "--root-interval", "2"])
        #expect(try folder.data("c/step-00000060.h5") == whole.data("c/step-00000060.h5"))
    }

    /// A clip that no gradient reaches changes nothing, one that all reach bounds the norm's effect; the log has the norm before.
    @Test func clipping() throws {
        let folder = try TemporaryFolder()
        func losses(_ name: String, _ options: [String]) throws -> StudyTable {
            try folder.succeed(Self.mlp + ["--steps", "6", "--quiet", "--log", name] + options)
            return try StudyTable(folder.text(name))
        }
        let plain = try losses("plain.csv", [])
        #expect(try losses("far.csv", ["--clip", "1e9"]).column("loss") == plain.column("loss"))
        let clipped = try losses("near.csv", ["--clip", "1e-6"])
        #expect(try plain.column("gradient_norm").allSatisfy { (Double($0) ?? 0) > 1e-3 })
        #expect(try clipped.column("gradient_norm")[0] == plain.column("gradient_norm")[0])
        #expect(try clipped.column("loss") != plain.column("loss"))
        for value in ["-1", "nan", "inf"] {
            try folder.expectRefusal(Self.mlp + ["--steps", "1", "--clip=\(value)"], status: 64, words: ["--clip"])
        }
    }
}
