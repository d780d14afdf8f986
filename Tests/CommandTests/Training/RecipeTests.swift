import Foundation
import Testing

/// `recipes` and `train --recipe`: options by a name, and what is given beside them.
@Suite struct RecipeTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Published experiments as their files stand in the sources.
    private static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Sources/Training/Recipes")

    private static var files: [URL] {
        get throws {
            try FileManager.default.contentsOfDirectory(at: sources, includingPropertiesForKeys: nil)
                .sorted { $0.deletingPathExtension().lastPathComponent < $1.deletingPathExtension().lastPathComponent }
        }
    }

    @Test func listsAndPrintsEveryFile() throws {
        let files = try Self.files
        let lines = try folder.succeed(["recipes"]).standardOutput.split(separator: "\n")
        #expect(lines.count == files.count && files.count > 60)
        for (line, file) in zip(lines, files) {
            let words = line.split(separator: " ", maxSplits: 1)
            #expect(words.first ?? "" == file.deletingPathExtension().lastPathComponent)
            #expect(words.count == 2, "\(line) says nothing")
        }
        for file in files.prefix(2) {
            let printed = try folder.succeed(["recipes", file.deletingPathExtension().lastPathComponent]).standardOutput
            #expect(try printed == String(contentsOf: file, encoding: .utf8))
        }
        try folder.expectRefusal(
            ["recipes", "vgg19-cifar100-sgd"], status: 64, words: ["did you mean 'vgg19-cifar100-sgdm'?", "recipes"])
    }

    private static let names = ((try? files) ?? []).map { $0.deletingPathExtension().lastPathComponent }

    /// Every published experiment gets as far as its data: no option of it is refused.
    @Test(arguments: names) func everyRecipeStarts(_ name: String) throws {
        try folder.expectRefusal(["train", "--recipe", name, "--data", "nowhere"], status: 66, words: ["nowhere"])
    }

    private static let small = """
        summary: a training of seconds
        model: gpt
        dataset: synthetic
        layers: 1
        width: 64
        heads: 2
        context: 16
        batch-size: 4
        steps: 24
        warm-up: 6
        optimizer: adamw
        learning-rate: 2e-3
        decay-all: true
        statistic: eigenvector
        root: offdiagonal
        bits: 5
        rectify-root: 2
        statistics-interval: 4
        root-interval: 12
        our-choice: [bits, width]
        """
    /// The same as options.
    private static let options = """
        --model gpt --dataset synthetic --layers 1 --width 64 --heads 2 --context 16 --batch-size 4 --optimizer adamw
        --learning-rate 2e-3 --decay-all --statistic eigenvector --root offdiagonal --bits 5 --rectify-root 2
        """.split(whereSeparator: \.isWhitespace).map { String($0) }

    private func train(_ options: [String], _ name: String) throws -> ProgramRun {
        try folder.succeed(["train", "--threads", "2", "--validation-batches", "1", "--log", "\(name).csv"] + options)
    }

    private func log(_ name: String) throws -> [[String]] { try logWithoutTimes(folder.text("\(name).csv")) }

    @Test func aFileIsItsOptions() throws {
        try folder.write(Self.small, to: "small.yaml")
        let run = try train(["--recipe", "small.yaml"], "recipe")
        #expect(run.standardError.contains("recipe: small.yaml\n") && run.standardError.contains("a training of seconds"))
        let course = ["--steps", "24", "--warm-up", "6", "--statistics-interval", "4", "--root-interval", "12"]
        _ = try train(Self.options + course, "options")
        #expect(try log("recipe") == log("options"))
    }

    /// Half the steps: half the warm-up and the intervals; what is given stays as it is given, also as a second name of an option.
    @Test func fewerStepsScaleTheCourse() throws {
        try folder.write(Self.small, to: "small.yaml")
        let run = try train(["--recipe=./small.yaml", "--steps", "12", "--lr", "1e-3"], "recipe")
        #expect(run.standardError.contains("recipe: ./small.yaml, with --steps 12 --lr 1e-3\n"))
        #expect(run.standardError.contains("--warm-up 3 ") && run.standardError.contains("--learning-rate 0.001 "))
        #expect(run.standardError.contains("--statistics-interval 2 --root-interval 6 "))
        let given = try train(
            ["--recipe", "small.yaml", "--steps", "12", "--root-interval", "5", "--warm-up", "1"], "given")
        #expect(given.standardError.contains("--statistics-interval 2 --root-interval 5 "))
        #expect(given.standardError.contains("--warm-up 1 "))
    }

    /// Of a warm-up of two passes, each as long as the log says, half is left where two of four passes are asked for.
    @Test func passesScaleWithTheCourse() throws {
        try folder.write(String(repeating: "abcdefgh ", count: 100), to: "text.txt")
        let recipe = Self.small.replacing("dataset: synthetic", with: "dataset: text").replacing("steps: 24", with: "epochs: 4")
            .replacing("warm-up: 6", with: "warm-up-epochs: 2")
        try folder.write(recipe, to: "passes.yaml")
        let options = ["--recipe", "passes.yaml", "--data", "text.txt"]
        let whole = try train(options, "whole")
        let epochs = try log("whole").dropFirst().map { $0[1] }
        let pass = epochs.count { $0 == "1" }
        #expect(pass > 1 && epochs.count == 4 * pass)
        #expect(whole.standardError.contains("--warm-up \(2 * pass) "))
        #expect(try train(options + ["--epochs", "2"], "half").standardError.contains("--warm-up \(pass) "))
        #expect(
            try train(options + ["--epochs", "2", "--warm-up", "1"], "given").standardError.contains("--warm-up 1 "))
    }

    /// An option that is given can leave others of the recipe without a meaning: they are left out, and that is said.
    @Test func whatNoLongerAppliesIsLeftOut() throws {
        try folder.write(Self.small, to: "small.yaml")
        let run = try train(["--recipe", "small.yaml", "--statistic", "exact", "--root", "exact"], "exact")
        #expect(run.standardError.contains("with --statistic exact --root exact, without bits, rectify-root\n"))
        let none = try train(["--recipe", "small.yaml", "--preconditioner", "none"], "none")
        #expect(
            none.standardError.contains("without statistic, root, bits, rectify-root, statistics-interval, root-interval\n"))
        // The learning rate is the recipe's rule's.
        let rule = try train(["--recipe", "small.yaml", "--optimizer", "sgdm", "--no-decay-all"], "rule")
        #expect(rule.standardError.contains("with --optimizer sgdm --no-decay-all, without learning-rate\n"))
        #expect(rule.standardError.contains("--learning-rate 0.1 ") && !rule.standardError.contains("--decay-all "))
    }

    /// A checkpoint says what the run came from, and a run goes on with or without its recipe.
    @Test func goesOnWithItsOptions() throws {
        try folder.write(Self.small, to: "small.yaml")
        let records = ["--checkpoint", "checkpoints", "--checkpoint-every", "12"]
        _ = try train(["--recipe", "small.yaml", "--bits", "4"] + records, "recipe")
        let text = try folder.succeed(["inspect", "checkpoints/step-00000024.h5", "--json"]).standardOutput
        #expect(text.contains("small.yaml") && text.contains("with --bits 4"))
        try folder.remove("checkpoints/step-00000024.h5")
        let course = ["--steps", "24", "--warm-up", "6", "--statistics-interval", "4", "--root-interval", "12"]
        let options = Self.options.map { $0 == "5" ? "4" : $0 } + course
        let again = try train(options + records + ["--resume"], "recipe")
        #expect(again.standardError.contains("24 steps"))
    }

    @Test(arguments: [
        ("optimizr: adamw", "line 1: 'optimizr' is no option of a recipe; did you mean 'optimizer'?"),
        ("recipe: other.yaml", "'recipe' is no option of a recipe"), ("resume: true", "'resume' is no option"),
        ("decay-all: 3", "line 1: 'decay-all' takes true or false"), ("bits: [4, 5]", "'bits' takes one value"),
        ("bits: {a: 1}", "takes a word or a list of words"), ("- a", "a recipe is a mapping"), ("a: {", "it is not YAML"),
        ("summary: nothing", "no options of train"), ("bits: 4\nour-choice: [block]", "names block"),
        ("bits: 4\nbits: 5", "bits"),
    ]) func wrongFiles(_ text: String, _ words: String) throws {
        try folder.write(text, to: "wrong.yaml")
        try folder.expectRefusal(["train", "--recipe", "wrong.yaml"], status: 65, words: ["wrong.yaml: ", words])
    }

    @Test func wrongUse() throws {
        try folder.expectRefusal(["train", "--recipe", "none.yaml"], status: 66, words: ["none.yaml"])
        try folder.expectRefusal(["train", "--recipe", "vgg19-cifar10-sgdm"], status: 64, words: ["'vgg19-cifar100-sgdm'"])
        try folder.write(Self.small, to: "small.yaml")
        // What the parser refuses is told of the whole line, whose other options the recipe gives.
        try folder.expectRefusal(
            ["train", "--recipe", "small.yaml", "--bts", "4"], status: 64, words: ["'--bts' is unknown", "'--bits'"])
        try folder.expectRefusal(["train", "--recipe", "small.yaml", "--bits", "9"], status: 64, words: ["9"])
        try folder.write(Self.small.replacing("adamw", with: "adamv"), to: "misspelt.yaml")
        try folder.expectRefusal(
            ["train", "--recipe", "misspelt.yaml"], status: 64,
            words: ["--optimizer", "did you mean 'adamw'", "; the recipe misspelt.yaml has it, line 11"])
        try folder.expectRefusal(["train", "--recipe"], status: 64, words: ["--recipe"])
    }
}
