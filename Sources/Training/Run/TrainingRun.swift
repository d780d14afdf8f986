import Compute
import Foundation
import HDF5Store
import NeuralNetworks
import Optimizers

/// How often a run does what is not a step.
public struct RunIntervals: Sendable, Equatable {
    public var dump: Int?
    public var checkpoint: Int?
    /// Nil to evaluate after the last step only.
    public var validation: Int?

    public init(dump: Int? = nil, checkpoint: Int? = nil, validation: Int? = nil) {
        self.dump = dump
        self.checkpoint = checkpoint
        self.validation = validation
    }
}

/// A trainer with everything that it writes, step after step.
///
/// What cannot be written (a full disk) does not end a training: it is reported, counted, and the run goes on.
public struct TrainingRun<Model: Network, Rule: OptimizerRule>
where Model.Backend == Rule.Backend, Model.Backend.Scalar == Float {
    public enum Event: Sendable {
        case step(LogRow)
        case warning(String)
    }

    public enum End: Sendable, Equatable {
        case completed
        /// Was asked to stop, after this step.
        case stopped(step: Int)
    }

    public private(set) var trainer: Trainer<Model, Rule>
    private let steps: Int
    private let intervals: RunIntervals
    private let log: TrainingLog
    private let dump: PreconditionerDump?
    private let checkpoints: CheckpointFolder?
    /// Writes that failed.
    public private(set) var writeFaults = 0
    private var reportedFailures = 0
    private var preconditionerSeconds: Double
    private let start: ContinuousClock.Instant

    public init(
        _ trainer: Trainer<Model, Rule>, steps: Int, intervals: RunIntervals, log: TrainingLog, dump: PreconditionerDump?,
        checkpoints: CheckpointFolder?
    ) {
        self.trainer = trainer
        self.steps = steps
        self.intervals = intervals
        self.log = log
        self.dump = dump
        self.checkpoints = checkpoints
        preconditionerSeconds = log.elapsed.preconditionerSeconds
        start = .now - .seconds(log.elapsed.seconds)
    }

    /// Runs to the last step, or until `shouldStop` says so after a step; then a checkpoint is written where there is a
    /// folder for it.
    ///
    /// - Throws: `DivergenceError`, after a checkpoint of the last whole step where the state is that.
    public mutating func run(shouldStop: () -> Bool, report: (Event) -> Void) throws -> End {
        while trainer.step < steps {
            do {
                try advance(report)
            } catch let error as DivergenceError {
                if trainer.step > 0 && error.leavesWholeStep { writeCheckpoint(report) }
                throw error
            }
            if shouldStop() && trainer.step < steps {
                writeCheckpoint(report)
                return .stopped(step: trainer.step)
            }
        }
        return .completed
    }

    private mutating func advance(_ report: (Event) -> Void) throws {
        let began = ContinuousClock.now
        let result = try trainer.advance()
        let stepSeconds = (ContinuousClock.now - began) / .seconds(1)
        preconditionerSeconds += result.preconditionerTime / .seconds(1)
        func isDue(_ interval: Int?) -> Bool { interval.map { result.step % $0 == 0 } ?? false }
        let isLast = result.step == steps
        let failures = trainer.preconditionerFailures
        let validation = isDue(intervals.validation) || isLast ? trainer.evaluate() : nil
        let isFinite = validation?.loss.isFinite ?? true
        let row = LogRow(
            step: result.step, epoch: result.epoch, loss: result.loss, accuracy: result.accuracy,
            learningRate: result.learningRate, seconds: (ContinuousClock.now - start) / .seconds(1),
            preconditionerSeconds: preconditionerSeconds,
            samplesPerSecond: Double(trainer.settings.batchSize) / stepSeconds,
            optimizerStateBytes: trainer.optimizerStateBytes, preconditionerBytes: trainer.preconditionerBytes,
            peakResidentBytes: peakResidentBytes(),
            validation: isFinite ? validation : nil,
            statisticFailures: failures.statistics, rootFailures: failures.roots,
            shadowErrors: isDue(intervals.dump) || isLast ? trainer.shadowErrors() : [])
        if failures.statistics + failures.roots > reportedFailures {
            reportedFailures = failures.statistics + failures.roots
            report(.warning("step \(result.step): \(failures.last ?? "a root failed"); what was kept before stays in use"))
        }
        writeFaults += faults("the log", report) { try log.append(row) }
        if let validation, !isFinite { throw DivergenceError.validation(step: result.step, value: validation.loss) }
        if isDue(intervals.dump) {
            writeFaults += faults("the dump of step \(result.step)", report) { try dump?.append(trainer) }
        }
        if isDue(intervals.checkpoint) || isLast { writeCheckpoint(report) }
        report(.step(row))
    }

    private mutating func writeCheckpoint(_ report: (Event) -> Void) {
        writeFaults += faults("the checkpoint of step \(trainer.step)", report) { try checkpoints?.write(trainer) }
    }

    /// 0, or 1 where `write` failed, which is reported.
    private func faults(_ what: String, _ report: (Event) -> Void, _ write: () throws -> Void) -> Int {
        do {
            try write()
            return 0
        } catch {
            report(.warning("\(what) could not be written and is missing: \(error)"))
            return 1
        }
    }
}

/// The largest resident set of the process so far.
func peakResidentBytes() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
}
