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
/// Of every step the row is written first, then the dump, then the checkpoint, however the run ends: what a checkpoint has
/// behind it is recorded. What cannot be written (a full disk) does not end a training: it is reported and tried again
/// later, rows until there is room, a dump until the next one is due; what is missing in the end is counted.
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
    public private(set) var missing = MissingRecords()
    /// As it was at a step whose dump waits for room.
    private var undumped: Trainer<Model, Rule>?
    private var rowsWait = false
    /// The step of the newest checkpoint.
    private var checkpointed: Int
    private var reportedFailures = 0
    private var preconditionerSeconds: Double
    private var peakPreconditionerBytes: Int
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
        checkpointed = trainer.step
        preconditionerSeconds = log.before.preconditionerSeconds
        peakPreconditionerBytes = log.before.peakPreconditionerBytes
        start = .now - .seconds(log.before.seconds)
    }

    /// Runs to the last step, or until `shouldStop` says so after a step; then a checkpoint is written where there is a
    /// folder for it. At every end the records are finished: what waits is written, and the dump becomes one file.
    ///
    /// - Throws: `DivergenceError`, after a checkpoint of the last whole step where the state is that; `DeviceFailure` of the
    ///   backend, after which checkpoints, dump and log are as the last step left them that was whole.
    public mutating func run(shouldStop: () -> Bool, report: (Event) -> Void) throws -> End {
        defer { finishRecords(report) }
        while trainer.step < steps {
            do {
                try advance(report)
            } catch let error as DivergenceError {
                if error.leavesWholeStep { writeCheckpoint(report) }
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
        let result: StepResult
        do {
            result = try trainer.advance()
        } catch let error as DataError {
            // Nothing of the step has begun.
            writeCheckpoint(report)
            throw error
        }
        let stepSeconds = (ContinuousClock.now - began) / .seconds(1)
        preconditionerSeconds += result.preconditionerTime / .seconds(1)
        let validation = isDue(intervals.validation) || trainer.step == steps ? try trainer.evaluate() : nil
        peakPreconditionerBytes = max(peakPreconditionerBytes, trainer.preconditionerBytes)
        let row = try row(of: result, validation, stepSeconds: stepSeconds)
        reportFailures(report)
        writeRow(row, report)
        if let validation, row.validation == nil {
            throw DivergenceError.validation(step: result.step, value: validation.loss)
        }
        writeDump(report)
        if isDue(intervals.checkpoint) || trainer.step == steps { writeCheckpoint(report) }
        report(.step(row))
        if let failure = result.failure { throw failure }
    }

    private func isDue(_ interval: Int?) -> Bool { interval.map { trainer.step % $0 == 0 } ?? false }

    private func row(of result: StepResult, _ validation: Evaluation?, stepSeconds: Double) throws -> LogRow {
        let failures = trainer.preconditionerFailures
        return LogRow(
            step: result.step, epoch: result.epoch, loss: result.loss, accuracy: result.accuracy,
            learningRate: result.learningRate, seconds: (ContinuousClock.now - start) / .seconds(1),
            preconditionerSeconds: preconditionerSeconds,
            samplesPerSecond: Double(trainer.settings.batchSize) / stepSeconds,
            optimizerStateBytes: trainer.optimizerStateBytes, preconditionerBytes: trainer.preconditionerBytes,
            peakResidentBytes: peakResidentBytes(),
            validation: validation?.loss.isFinite == true ? validation : nil,
            statisticFailures: failures.statistics, rootFailures: failures.roots,
            rootDeviations: isDue(intervals.dump) || result.step == steps ? try trainer.rootDeviations() : [],
            peakDeviceBytes: trainer.peakDeviceBytes, peakPreconditionerBytes: peakPreconditionerBytes,
            gradientNorm: result.gradientNorm, offdiagonalResidual: result.offdiagonalResidual)
    }

    private mutating func reportFailures(_ report: (Event) -> Void) {
        let failures = trainer.preconditionerFailures
        guard failures.statistics + failures.roots > reportedFailures else { return }
        reportedFailures = failures.statistics + failures.roots
        report(.warning("step \(trainer.step): \(failures.last ?? "a root failed"); what was kept before stays in use"))
    }
}

// MARK: Records

extension TrainingRun {
    private mutating func writeRow(_ row: LogRow, _ report: (Event) -> Void) {
        do {
            try log.append(row)
            if rowsWait { report(.warning("\(log.path): there is room again, and the log is complete")) }
            rowsWait = false
        } catch {
            if !rowsWait {
                report(.warning("the log could not be written: \(error); its rows from step \(row.step) on wait for room"))
            }
            rowsWait = true
        }
    }

    /// Dumps the step where that is due. A dump that failed is tried again 1, 2, 4, … steps later, for the attempt costs
    /// time too, and once more before the next one takes its place.
    private mutating func writeDump(_ report: (Event) -> Void) {
        guard dump != nil else { return }
        if isDue(intervals.dump) {
            giveUpDump(report)
            undumped = trainer
            if let problem = tryDump(report) {
                report(.warning("the dump of step \(trainer.step) could not be written: \(problem); it is tried again"))
            }
        } else if let waiting = undumped {
            let age = trainer.step - waiting.step
            if age & (age - 1) == 0 { _ = tryDump(report) }
        }
    }

    /// - Returns: why it failed.
    private mutating func tryDump(_ report: (Event) -> Void) -> (any Error)? {
        guard let waiting = undumped else { return nil }
        do {
            try dump?.append(waiting)
            undumped = nil
            if waiting.step < trainer.step { report(.warning("the dump of step \(waiting.step) is written now")) }
            return nil
        } catch {
            return error
        }
    }

    private mutating func giveUpDump(_ report: (Event) -> Void) {
        guard let problem = tryDump(report), let lost = undumped.take() else { return }
        missing.dumps.append(lost.step)
        report(.warning("the dump of step \(lost.step) is missing: \(problem)"))
    }

    /// A checkpoint of this step, once.
    private mutating func writeCheckpoint(_ report: (Event) -> Void) {
        guard let checkpoints, checkpointed != trainer.step else { return }
        missing.checkpoints.removeAll { $0 == trainer.step }
        // What the checkpoint has behind it should not be lost where it is kept.
        try? log.synchronize()
        do {
            try checkpoints.write(trainer)
            checkpointed = trainer.step
        } catch {
            missing.checkpoints.append(trainer.step)
            report(.warning("the checkpoint of step \(trainer.step) could not be written and is missing: \(error)"))
        }
    }

    private mutating func finishRecords(_ report: (Event) -> Void) {
        try? log.flush()
        missing.rows = log.waiting
        missing.logIsReplaced = log.isReplaced
        giveUpDump(report)
        do {
            try dump?.join()
        } catch {
            missing.dumpIsInParts = true
            report(
                .warning(
                    "\(dump?.path ?? ""): its steps could not be joined in one file, it reads only together with the folder "
                        + "beside it: \(error); when there is room, --resume with --checkpoint joins them"))
        }
        if !missing.isEmpty { report(.warning("records are incomplete: \(missing)")) }
    }
}

/// The largest resident set of the process so far.
public func peakResidentBytes() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
}
