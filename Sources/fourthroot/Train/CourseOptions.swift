import ArgumentParser
import NeuralNetworks
import Training

/// How long, how fast and from which seed a network is trained.
struct CourseOptions: ParsableArguments {
    @Option(help: "Steps; or give --epochs.")
    var steps: Int?

    @Option(help: "Passes over the training data, in place of --steps.")
    var epochs: Int?

    @Option(help: "Samples of a batch.")
    var batchSize = 128

    @Option(
        help: ArgumentHelp(
            "Parts of a batch that pass through the network one after another: their gradients are summed, and memory is for the "
                + "activations of one."))
    var accumulate = 1

    @Option(
        help: ArgumentHelp(
            "Course of the learning rate behind the warm-up: constant; linear or cosine down to zero; step, a tenth of it at every "
                + "third tenth of the steps; trapezoid, constant and over the last fifth of the steps linear down to zero."))
    var schedule = LearningRateSchedule.Course.cosine

    @Option(
        help: ArgumentHelp(
            "Steps of linear warm-up (default: of all steps \(defaults { "\(Int(100 * $0.warmUpShare)) %" }), at most "
                + "\(TrainingDefaults.longestWarmUp))."))
    var warmUp: Int?

    @Option(help: "Passes over the training data of linear warm-up, in place of --warm-up.")
    var warmUpEpochs: Double?

    @Option(
        help: ArgumentHelp(
            "The largest norm of all gradients together, to which larger ones are scaled down before they are preconditioned; "
                + "0 for none (default: \(defaults { "\($0.clip ?? 0)" }))."))
    var clip: Double?

    @Flag(inversion: .prefixedNo, help: "Weight decay on biases, normalizations and class tokens too.")
    var decayAll = false

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

    /// `5 % for vit-small and gpt`: what the networks are trained with.
    private static func defaults(_ value: (TrainingDefaults) -> String) -> String {
        wordsByValue(Model.allCases.map { ($0.rawValue, value($0.definition.training)) })
    }

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
        guard 1...batchSize ~= accumulate else {
            throw StatusError.usage(
                "--accumulate \(accumulate): it must be from 1 to \(batchSize), the samples of a batch; --batch-size is of all "
                    + "parts together")
        }
        if let warmUp, !(0...1_000_000_000).contains(warmUp) {
            throw StatusError.usage("--warm-up \(warmUp): it must be from 0 to 1000000000")
        }
        if warmUp != nil && warmUpEpochs != nil {
            throw StatusError.usage("--warm-up and --warm-up-epochs contradict each other; give one")
        }
        if let warmUpEpochs, !(0...1_000_000 ~= warmUpEpochs) {
            throw StatusError.usage("--warm-up-epochs \(warmUpEpochs): it must be from 0 to 1000000")
        }
        if let clip, !(clip >= 0 && clip.isFinite) {
            throw StatusError.usage("--clip \(clip): it must be finite and not negative")
        }
        guard labelSmoothing >= 0 && labelSmoothing < 1 else {
            throw StatusError.usage("--label-smoothing \(labelSmoothing): it must be at least 0 and below 1")
        }
    }

    func steps(batchesPerEpoch: Int) -> Int { steps ?? (epochs ?? 1) * batchesPerEpoch }

    func settings(
        steps: Int, batchesPerEpoch: Int, preconditionsVocabulary: Bool, followsShadow: Bool, _ defaults: ResolvedDefaults
    ) -> TrainingSettings {
        let clip = clip ?? defaults.clip
        let passes = warmUpEpochs.map { Int(($0 * Double(batchesPerEpoch)).rounded()) }
        return TrainingSettings(
            batchSize: batchSize, microBatches: accumulate,
            schedule: LearningRateSchedule(schedule, warmUpSteps: warmUp ?? passes ?? defaults.warmUpSteps, steps: steps),
            seed: seed, labelSmoothing: labelSmoothing, clip: clip == 0 ? nil : clip, decaysAll: decayAll,
            preconditionsVocabulary: preconditionsVocabulary, followsShadow: followsShadow,
            rootFailureLimit: rootFailureLimit ?? 5, validationBatches: validationBatches)
    }

    static func describe(_ settings: TrainingSettings, in configuration: inout TrainConfiguration) {
        configuration.begin("course")
        // A constant learning rate does not depend on how long the training is to be.
        // A constant course is the same however long it is, so that the steps decide no number of it.
        if settings.schedule.course == .constant {
            configuration.add(option: "steps", "\(settings.schedule.steps)")
        } else {
            configuration.set("steps", settings.schedule.steps)
        }
        configuration.set("batch-size", settings.batchSize)
        // Versions without a choice wrote nothing of it.
        if settings.microBatches > 1 { configuration.set("accumulate", settings.microBatches) }
        configuration.set("schedule", settings.schedule.course.rawValue)
        configuration.set("warm-up", settings.schedule.warmUpSteps)
        configuration.set("clip", settings.clip ?? 0)
        configuration.set("decay-all", settings.decaysAll)
        configuration.set("label-smoothing", settings.labelSmoothing)
        configuration.set("seed", settings.seed)
        configuration.set("shadow", settings.followsShadow)
    }
}
