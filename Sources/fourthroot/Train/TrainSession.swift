import CUDABackend
import Foundation
import HDF5Store
import MatrixCore
import NeuralNetworks
import Optimizers
import Synchronization
import Training

/// A run with what surrounds it: interruption, progress, and the end.
struct TrainSession<Model: Network, Rule: OptimizerRule>
where Model.Backend == Rule.Backend, Model.Backend.Scalar == Float {
    var run: TrainingRun<Model, Rule>
    let steps: Int
    let records: RecordOptions
    let configuration: RunConfiguration
    let isQuiet: Bool

    /// - Throws: `DivergenceError`, and `StatusError` where the run was interrupted, the device failed or something could not be
    ///   written.
    mutating func train() throws {
        let stop = StopRequest(advice: records.adviceAfterInterruption)
        let interruption = Interruption { stop.request() }
        defer { withExtendedLifetime(interruption) {} }
        let progress = Progress(
            total: steps, unit: "steps", completed: run.trainer.step,
            // Rows of a log share no line of a terminal with a bar.
            quiet: isQuiet || records.log == nil && Terminal.showsOutput)
        defer {
            progress.clear()
            for note in run.trainer.data.notes { Terminal.report("warning", note) }
        }
        var last: LogRow?
        let end: TrainingRun<Model, Rule>.End
        do {
            end = try run.run(
                shouldStop: { stop.isRequested },
                report: { event in
                    switch event {
                    case .step(let row):
                        last = row
                        progress.advance(by: 1, note: progressNote(row))
                    case .warning(let text):
                        progress.clear()
                        Terminal.report("warning", text)
                    }
                })
        } catch let error as DivergenceError {
            progress.clear()
            do {
                try keepEvidence(of: error)
            } catch let fault {
                Terminal.report("warning", "what the run ended with could not be kept: \(fault)")
            }
            throw error
        } catch let error as DeviceError {
            // Nothing of the step has been written, and nothing of ours is wrong: another device may take over.
            progress.clear()
            throw StatusError(
                status: .interrupted,
                description: "the device failed in step \(run.trainer.step + 1): \(error); \(records.adviceAfterInterruption)")
        }
        progress.clear()
        if case .stopped(let step) = end {
            throw StatusError(
                status: .interrupted, description: "interrupted after step \(step); \(records.adviceAfterInterruption)")
        }
        if let last, !isQuiet { Terminal.write("fourthroot: \(summary(last))\n") }
        if !run.missing.isEmpty {
            throw StatusError(
                status: .inputOutput,
                description: "the training is complete, its records are not: \(run.missing); what was written is intact")
        }
    }

    private func summary(_ row: LogRow) -> String {
        let validation = row.validation.map {
            String(format: ", validation loss %.4f, accuracy %.4f", $0.loss, $0.accuracy)
        }
        let megabytes = Double(row.optimizerStateBytes) / 1e6
        let preconditioners = Double(row.preconditionerBytes) / 1e6
        return String(format: "%d steps in %.1f s: loss %.4f", row.step, row.seconds, row.loss) + (validation ?? "")
            + String(format: "; optimizer state %.2f MB, of which preconditioners %.2f MB", megabytes, preconditioners)
    }

    /// A checkpoint where the run has no folder for it, and the matrix whose root failed.
    private func keepEvidence(of error: DivergenceError) throws {
        let folder = records.checkpoint ?? unusedPath("fourthroot-stopped")
        if records.checkpoint == nil && run.trainer.step > 0 && error.leavesWholeStep {
            try CheckpointFolder(path: folder, keeping: 1, configuration: configuration).write(run.trainer)
            Terminal.report("note", "the state of step \(run.trainer.step) is in \(folder)")
        }
        guard case .roots(let step, let side, _, _) = error, let matrix = try run.trainer.decodedStatistic(of: side) else {
            return
        }
        let path = String(format: "%@/failed-root-step-%08d.h5", folder, step)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try HDF5File.create(at: path, overwriting: true) { writer in
            try writer.write(matrix, to: "\(side.path)/decoded", storage: .compressed)
            try writer.setProvenance(seed: nil, configuration: configuration.values)
        }
        Terminal.report("note", "the statistic whose root failed is in \(path)")
    }
}

/// The path, or with the first number behind it under which there is nothing: a folder holds one run.
private func unusedPath(_ path: String) -> String {
    var (candidate, number) = (path, 2)
    while FileManager.default.fileExists(atPath: candidate) {
        candidate = "\(path)-\(number)"
        number += 1
    }
    return candidate
}

private func progressNote(_ row: LogRow) -> String {
    String(format: "loss %.4f, %.0f samples a second", row.loss, row.samplesPerSecond)
}

/// Whether the user has asked for the end; the second time ends the program at once.
private final class StopRequest: Sendable {
    private let requests = Mutex(0)
    private let advice: String

    init(advice: String) { self.advice = advice }

    var isRequested: Bool { requests.withLock { $0 > 0 } }

    func request() -> String? {
        let count = requests.withLock { count in
            count += 1
            return count
        }
        return count > 1 ? "stopped in the middle of a step; \(advice)" : nil
    }
}

extension RecordOptions {
    fileprivate var adviceAfterInterruption: String {
        checkpoint.map { "go on with --checkpoint \($0) --resume" }
            ?? "nothing to go on from was kept, for want of --checkpoint"
    }
}
