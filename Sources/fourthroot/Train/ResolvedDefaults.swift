import Files
import HDF5Store
import NeuralNetworks
import Optimizers
import Training

/// What a training takes where no option says otherwise: of the network's family, and of its number of steps.
///
/// A run that goes on keeps what its beginning has taken of the number of steps, which may have grown since.
struct ResolvedDefaults {
    private let family: TrainingDefaults
    private let steps: Int
    /// Of the run that goes on.
    private let found: [String: ConfigurationValue]

    init(_ family: TrainingDefaults, steps: Int, resuming records: RecordOptions) {
        self.family = family
        self.steps = steps
        found = records.foundConfiguration ?? [:]
    }

    var warmUpSteps: Int { number("warm-up") ?? family.warmUpSteps(of: steps) }

    /// 0 for none.
    var clip: Double { family.clip ?? 0 }

    /// Changes a rule's own defaults.
    func adjust(_ values: inout FirstOrderHyperparameters, of rule: FirstOrderName) {
        guard rule.definition.options.contains(.secondDecay) else { return }
        values.weightDecay = family.weightDecay ?? values.weightDecay
        values.secondDecay = family.secondDecay ?? values.secondDecay
    }

    /// Changes a method's own defaults.
    func adjust(_ defaults: inout PreconditionerDefaults, _ options: PreconditionerOptions) {
        defaults = defaults.fitting(
            steps: steps,
            statisticsInterval: options.statisticsInterval ?? number("statistics-interval", "schedule.statisticsInterval"),
            rootInterval: options.rootInterval ?? number("root-interval", "schedule.rootInterval"))
    }

    /// - Parameter former: the path under which former versions have it among the optimizer's properties.
    private func number(_ name: String, _ former: String? = nil) -> Int? {
        (found[name] ?? former.flatMap { found["optimizer.\($0)"] }).flatMap { Int($0.description) }
    }
}

extension RecordOptions {
    /// The settings of the newest checkpoint to go on from; nil where there is none, or none that can be read, which is said
    /// when it is read whole.
    fileprivate var foundConfiguration: [String: ConfigurationValue]? {
        guard resume, let checkpoint, let newest = CheckpointFolder.newest(in: checkpoint),
            (try? Probe.requireSound(newest)) != nil, let file = try? HDF5File.open(newest)
        else { return nil }
        return try? RunConfiguration.stored(in: file)
    }
}
