import Foundation
import Testing

/// The first-order rules with what they keep, exact and coded, averaged, under a preconditioner and in parts of batches: a training in two legs is the
/// one in a single leg, byte for byte.
@Suite struct RuleTrainingTests {
    static let rules: [[String]] = [
        ["lars"], ["lars", "--moment-bits", "8"], ["muon"], ["muon", "--moment-bits", "4"], ["schedule-free-sgd"],
        ["schedule-free-adamw", "--moment-bits", "4"], ["adamw-8bit", "--averaging", "ema"],
        ["nadamw", "--moment-bits", "4", "--averaging", "lookahead", "--lookahead-steps", "2"],
        ["sgdm", "--moment-bits", "4", "--averaging", "ema", "--statistic", "offdiagonal", "--root", "offdiagonal"],
        ["schedule-free-sgd", "--averaging", "ema"], ["adamw", "--accumulate", "2", "--dropout", "0.1"],
        ["adamw", "--accumulate", "2", "--preconditioner", "eva"],
        [
            "sgdm", "--accumulate", "2", "--averaging", "ema", "--preconditioner", "kfac", "--statistic", "eigenvector",
            "--no-precondition-vocabulary",
        ],
    ]

    @Test(arguments: rules) func twoLegsAreOne(_ rule: [String]) throws {
        let intervals = rule.contains("--statistic") ? ["--statistics-interval", "1", "--root-interval", "2"] : []
        func arguments(_ steps: Int) -> [String] {
            [
                "train", "--model", "gpt", "--dataset", "synthetic", "--layers", "1", "--width", "64", "--heads", "2",
                "--context",
                "8", "--batch-size", "2", "--steps", "\(steps)", "--schedule", "constant", "--validation-batches", "1",
                "--threads", "1", "--quiet", "--log", "log.csv", "--checkpoint", "checkpoints", "--optimizer",
            ] + rule + intervals
        }
        let (folder, whole) = (try TemporaryFolder(), try TemporaryFolder())
        try folder.succeed(arguments(3))
        try folder.succeed(arguments(5) + ["--resume"])
        try whole.succeed(arguments(5))
        let name = "checkpoints/step-00000005.h5"
        #expect(try folder.data(name) == whole.data(name))
        // What is stored under `parameters` is another point than that at which gradients are taken.
        let stored = try contents(ofHDF5: whole.path(name))
        let isAveraged = rule.contains("--averaging") || rule[0].hasPrefix("schedule-free")
        #expect(stored.keys.contains { $0.hasPrefix("training_points/") } == isAveraged)
    }

    @Test func whatDoesNotGoTogether() throws {
        let folder = try TemporaryFolder()
        let train = ["train", "--model", "mlp", "--dataset", "synthetic", "--steps", "2", "--log", "out.csv", "--optimizer"]
        for (options, words) in [
            (["sgdm", "--ema-decay", "0.9"], ["--ema-decay does not apply", "--averaging ema"]),
            (["sgdm", "--averaging", "ema", "--lookahead-rate", "0.9"], ["--lookahead-rate", "--averaging lookahead"]),
            (["sgdm", "--averaging", "ema", "--ema-decay", "1"], ["decay of the average 1.0"]),
            (["schedule-free-sgd", "--averaging", "lookahead"], ["--averaging lookahead", "schedule-free-sgd"]),
            (["adamw-8bit", "--moment-bits", "4"], ["--moment-bits does not apply"]),
            (["adagrad", "--moment-bits", "8"], ["--moment-bits does not apply"]),
            (["muon", "--newton-schulz-coefficients", "1,x,2"], ["Newton-Schulz coefficients", "three finite numbers"]),
            (["muon", "--newton-schulz-steps", "0"], ["Newton-Schulz steps 0"]),
            (["lars", "--trust-coefficient", "0"], ["trust coefficient 0"]),
        ] {
            try folder.expectRefusal(train + options, status: 64, words: words)
        }
    }
}
