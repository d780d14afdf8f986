import Testing

/// Wrong options and wrong data: the documented status, a message that names what is wrong, and nothing left behind.
@Suite struct TrainingRefusalTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func refuse(
        _ options: [String], status: Int32 = 64, words: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var base = [
            "--model": "gpt", "--dataset": "synthetic", "--optimizer": "adamw", "--steps": "2", "--batch-size": "2",
        ]
        var rest: [String] = []
        var index = 0
        while index < options.count {
            if base[options[index]] != nil {
                base[options[index]] = options[index + 1]
                index += 2
            } else {
                rest.append(options[index])
                index += 1
            }
        }
        let arguments = base.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] } + rest
        try folder.expectRefusal(["train"] + arguments, status: status, words: words, sourceLocation: sourceLocation)
    }

    @Test func wordsThatAreNone() throws {
        try refuse(["--model", "resnet19"], words: ["resnet19", "resnet20"])
        for model in ["llama-130m", "vgg", "swin", "resnet101"] {
            try refuse(["--model", model], words: [model, "resnet20"])
        }
        try refuse(["--dataset", "cifar"], words: ["cifar", "cifar10"])
        try refuse(["--optimizer", "adam"], words: ["adam", "adamw"])
        try refuse(["--schedule", "cosinus"], words: ["cosinus", "cosine"])
        for device in ["gpu", "cuda:", "cuda:-1", "cuda:0:1", ""] { try refuse(["--device", device], words: ["cuda:INDEX"]) }
        try refuse(["--statistic", "eigen"], words: ["eigen", "eigenvector"])
    }

    /// No machine has so many.
    @Test func devicesThatAreNotThere() throws {
        try refuse(["--device", "cuda:999"], status: 69, words: ["cuda"])
    }

    @Test func sizesThatContradict() throws {
        try refuse(["--width", "64", "--heads", "5"], words: ["64", "5"])
        try refuse(["--layers", "0"], words: ["layers", "0"])
        try refuse(["--patch", "4"], words: ["patch", "gpt"])
        try refuse(["--model", "vit-small", "--patch", "5"], words: ["5", "32"])
        try refuse(["--model", "resnet20", "--dataset", "synthetic-tokens"], words: ["resnet20", "images"])
    }

    @Test func optionsThatContradict() throws {
        try refuse(["--epochs", "1"], words: ["--steps", "--epochs"])
        try refuse(["--dump", "d.h5"], words: ["--dump-every"])
        try refuse(["--dump", "d.h5", "--dump-every", "1"], words: ["--dump", "preconditioner"])
        try refuse(["--shadow"], words: ["--shadow", "preconditioner"])
        try refuse(["--root-failure-limit", "3"], words: ["--root-failure-limit", "preconditioner"])
        for option in ["layers", "heads", "hidden", "context", "patch"] {
            try refuse(["--model", "resnet20", "--\(option)", "2"], words: [option, "resnet20", "width"])
        }
        try refuse(["--vocabulary", "70"], words: ["--vocabulary", "--dataset tokens"])
        try refuse(["--image-size", "64"], words: ["--image-size", "--dataset tiny-imagenet or images"])
        try refuse(["--corrupt-images", "skip"], words: ["--corrupt-images", "images"])
        try refuse(["--mixup", "0.2"], words: ["mixup", "synthetic"])
        try refuse(["--cutmix", "0"], words: ["--cutmix", "0.01"])
        try refuse(["--rand-augment", "2,31"], words: ["--rand-augment"])
        for option in ["--precondition-vocabulary", "--no-precondition-vocabulary"] {
            try refuse([option], words: ["\(option) does not apply", "--preconditioner"])
            try refuse(
                [option, "--model", "resnet20", "--statistic", "exact"], words: ["\(option) does not apply", "gpt or llama"])
        }
        try refuse(["--resume"], words: ["--checkpoint"])
        try refuse(["--checkpoint-every", "2"], words: ["--checkpoint"])
        try refuse(["--keep-checkpoints", "3"], words: ["--keep-checkpoints", "--checkpoint"])
        try refuse(["--momentum", "0.9"], words: ["--momentum", "--optimizer sgdm"])
        try refuse(["--preconditioner", "none", "--statistic", "eigenvector"], words: ["--statistic"])
        try refuse(["--statistic", "exact", "--bits", "4"], words: ["--bits"])
        try refuse(
            ["--statistic", "cholesky", "--update-decomposition", "eigen"], words: ["update-decomposition", "householder"])
        let dump = ["--statistic", "exact", "--dump", "./d.h5", "--dump-every"]
        try refuse(dump + ["1", "--log", "d.h5"], words: ["--log", "--dump", "same"])
        try refuse(dump + ["3"], words: ["--dump-every 3", "2 steps"])
        try refuse(dump + ["1", "--dump-parameter", "none*"], words: ["none*", "blocks.0.attention.output.weight"])
        try refuse(["--checkpoint", ""], words: ["--checkpoint"])
        try refuse(["--statistic", "eigenvector", "--error-feedback-decay", "0.9"], words: ["cholesky"])
    }

    /// Intervals that are not given fit the steps; those that are given may not.
    @Test func trainingsThatEndBeforeTheFirstRoot() throws {
        let published = ["--statistics-interval", "100", "--root-interval", "500"]
        try refuse(
            ["--statistic", "exact", "--steps", "300"] + published, words: ["--root-interval 500", "300 steps", "at most 300"])
        try refuse(
            ["--preconditioner", "caspr", "--steps", "99"] + published,
            words: ["--statistics-interval 100 and --root-interval 500", "at most 99", "adamw alone"])
        let root = ["--statistic", "cholesky", "--steps", "300", "--root-interval", "1"]
        try refuse(root + ["--statistics-interval", "301"], words: ["--statistics-interval 301", "at most 300"])
        // Roots at 50, of no gradient yet, and at 100.
        try refuse(
            ["--root", "full", "--steps", "99", "--statistics-interval", "60", "--root-interval", "50"],
            words: ["--statistics-interval 60 and --root-interval 50", "--statistics-interval of at most 50"])
    }

    @Test func valuesOutOfRange() throws {
        try refuse(["--steps", "0"], words: ["steps"])
        try refuse(["--batch-size", "0"], words: ["batch-size"])
        try refuse(["--accumulate", "3"], words: ["--accumulate 3", "from 1 to 2", "--batch-size"])
        try refuse(["--accumulate", "0"], words: ["--accumulate 0", "from 1 to 2"])
        try refuse(["--learning-rate=-1"], words: ["learning rate"])
        try refuse(["--dropout", "1"], words: ["dropout", "1"])
        try refuse(["--label-smoothing", "1"], words: ["label-smoothing"])
        try refuse(["--threads", "0"], words: ["threads"])
        try refuse(["--statistic", "eigenvector", "--decay", "2"], words: ["decay"])
        for damping in ["1e-300", "1e39", "0"] {
            try refuse(["--statistic", "exact", "--damping", damping], words: ["damping", "1e-30"])
        }
    }

    @Test func dataThatAreMissingOrWrong() throws {
        try refuse(["--dataset", "text"], words: ["text", "path"])
        try refuse(["--dataset", "text", "--data", "none.txt"], status: 66, words: ["none.txt"])
        try folder.write("short", to: "short.txt")
        try refuse(["--dataset", "text", "--data", "short.txt"], status: 65, words: ["short.txt"])
        try folder.write(String(repeating: "a", count: 4000), to: "same.txt")
        try refuse(["--dataset", "text", "--data", "same.txt"], status: 65, words: ["same.txt"])
        try folder.write("ab\u{0}", to: "x.bin")
        try refuse(
            ["--model", "mlp", "--dataset", "cifar10", "--data", "."], status: 66, words: ["data_batch_1.bin"])
        try folder.write(String(repeating: "a", count: 3073 + 5), to: "data_batch_1.bin")
        try folder.write(String(repeating: "\u{1}", count: 3073), to: "test_batch.bin")
        try refuse(
            ["--model", "mlp", "--dataset", "cifar10", "--data", ".", "--batch-size", "1"], status: 65,
            words: ["data_batch_1.bin", "byte"])
    }

    @Test func outputsThatCannotBe() throws {
        try refuse(["--log", "none/log.csv"], status: 73, words: ["none"])
        try refuse(["--log", "."], status: 73, words: ["folder"])
        try folder.write("there", to: "log.csv")
        try refuse(["--log", "log.csv"], status: 73, words: ["log.csv", "--force"])
        #expect(try folder.text("log.csv") == "there")
        try refuse(["--checkpoint", "log.csv"], status: 73, words: ["log.csv"])
        try refuse(
            ["--log", "same", "--statistic", "exact", "--dump", "same", "--dump-every", "1"], words: ["same"])
    }
}
