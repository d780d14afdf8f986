import ArgumentParser
import Training

/// How long, how fast and from which seed a network is trained.
struct CourseOptions: ParsableArguments {
    @Option(help: "Steps; or give --epochs.")
    var steps: Int?

    @Option(help: "Passes over the training data, in place of --steps.")
    var epochs: Int?

    @Option(help: "Samples of a batch.")
    var batchSize = 128

    @Option(help: "Course of the learning rate.")
    var schedule = LearningRateSchedule.Course.cosine

    @Option(help: "Steps of linear warm-up.")
    var warmUp = 0

    @Option(help: "Label smoothing, from 0 to below 1.")
    var labelSmoothing = 0.0

    @Option(help: "Seed of parameters, shuffling, dropout and power iterations.")
    var seed: UInt64 = 0

    @Option(help: "Steps between evaluations on the validation data (default: after the last step only).")
    var validateEvery: Int?

    @Option(help: "Validation batches of an evaluation, taken at equal distances (default: all).")
    var validationBatches: Int?

    @Option(help: "Roots of one side that may fail in a row before the run stops (default: 5).")
    var rootFailureLimit: Int?

    /// The option that makes no sense without preconditioners, if it is given.
    var optionForPreconditioners: String? { rootFailureLimit == nil ? nil : "root-failure-limit" }

    func check() throws {
        guard (steps == nil) != (epochs == nil) else {
            throw StatusError.usage(
                steps == nil ? "give --steps or --epochs" : "--steps and --epochs contradict each other; give one")
        }
        for (name, value) in [
            ("steps", steps), ("epochs", epochs), ("batch-size", batchSize), ("validate-every", validateEvery),
            ("validation-batches", validationBatches), ("root-failure-limit", rootFailureLimit),
        ] {
            if let value, !(1...1_000_000_000).contains(value) {
                throw StatusError.usage("--\(name) \(value): it must be from 1 to 1000000000")
            }
        }
        guard (0...1_000_000_000).contains(warmUp) else {
            throw StatusError.usage("--warm-up \(warmUp): it must not be negative")
        }
        guard labelSmoothing >= 0 && labelSmoothing < 1 else {
            throw StatusError.usage("--label-smoothing \(labelSmoothing): it must be at least 0 and below 1")
        }
    }

    func steps(batchesPerEpoch: Int) -> Int { steps ?? (epochs ?? 1) * batchesPerEpoch }

    func settings(steps: Int, followsShadow: Bool) -> TrainingSettings {
        TrainingSettings(
            batchSize: batchSize,
            schedule: LearningRateSchedule(schedule, warmUpSteps: warmUp, steps: steps),
            seed: seed, labelSmoothing: labelSmoothing, followsShadow: followsShadow,
            rootFailureLimit: rootFailureLimit ?? 5, validationBatches: validationBatches)
    }
}
