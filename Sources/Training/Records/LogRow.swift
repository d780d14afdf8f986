/// One row of a training's log.
public struct LogRow: Sendable, Equatable {
    public var step: Int
    public var epoch: Int
    public var loss: Double
    public var accuracy: Double
    public var learningRate: Double
    /// Since the start of the run, those of runs that this one continues included.
    public var seconds: Double
    /// The part of it that statistics, roots and their use took.
    public var preconditionerSeconds: Double
    /// Of this step.
    public var samplesPerSecond: Double
    public var optimizerStateBytes: Int
    public var preconditionerBytes: Int
    public var peakResidentBytes: Int
    /// Nil where the step was not evaluated.
    public var validation: Evaluation?
    /// Updates of statistics that failed, up to now.
    public var statisticFailures: Int
    public var rootFailures: Int
    /// A group of parameters and how far its roots are from those of the shadow; empty where that was not computed.
    public var rootDeviations: [RootDeviation]
    /// The most bytes of the device's memory in use at one time so far; nil where networks train in the program's own memory.
    public var peakDeviceBytes: Int?
    /// The most bytes of preconditioners so far, where their length depends on what they keep.
    public var peakPreconditionerBytes: Int
    /// ‖G‖F of the gradients of all parameters together, before they are clipped.
    public var gradientNorm: Double
    /// The largest residual of eigenvectors at the last update of every side; nil where it is not asked for.
    public var offdiagonalResidual: Double?

    /// - Parameter groups: those of the shadow's columns.
    public static func columns(groups: [String]) -> [String] {
        [
            "step", "epoch", "loss", "accuracy", "learning_rate", "seconds", "preconditioner_seconds", "samples_per_second",
            "optimizer_state_bytes", "preconditioner_bytes", "peak_resident_bytes", "validation_loss",
            "validation_accuracy", "statistic_failures", "root_failures",
        ] + groups.flatMap { ["nre:\($0)", "angle_degrees:\($0)"] } + [
            "peak_device_bytes", "peak_preconditioner_bytes",
        ] + newColumns
    }

    /// Those that logs of former versions do not all have.
    static let newColumns = ["gradient_norm", "offdiagonal_residual"]

    func fields(groups: [String]) -> [String] {
        let deviations = Dictionary(uniqueKeysWithValues: rootDeviations.map { ($0.group, $0) })
        let roots = groups.flatMap { group in [deviations[group]?.normwiseRelativeError, deviations[group]?.angleDegrees] }
        let numbers = [
            "\(step)", "\(epoch)", "\(loss)", "\(accuracy)", "\(learningRate)", "\(seconds)", "\(preconditionerSeconds)",
            "\(samplesPerSecond)", "\(optimizerStateBytes)", "\(preconditionerBytes)", "\(peakResidentBytes)",
            text(validation?.loss), text(validation?.accuracy), "\(statisticFailures)", "\(rootFailures)",
        ]
        return numbers + roots.map { text($0) } + [
            text(peakDeviceBytes), "\(peakPreconditionerBytes)", "\(gradientNorm)", text(offdiagonalResidual),
        ]
    }
}

/// Empty where there is no value.
private func text(_ value: (some CustomStringConvertible)?) -> String { value.map { "\($0)" } ?? "" }
