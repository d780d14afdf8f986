import ArgumentParser
import Files
import Foundation
import HDF5Store
import MatrixStudy
import NeuralNetworks
import Optimizers
import Training

/// What a training leaves behind: log, dumps, checkpoints.
struct RecordOptions: ParsableArguments {
    @Option(help: "CSV with a row a step (default: standard output).")
    var log: String?

    @Option(help: "HDF5 file for the preconditioners.")
    var dump: String?

    @Option(help: "Steps between dumps.")
    var dumpEvery: Int?

    @Option(help: "Parameters to dump, by glob; may be repeated (default: all).")
    var dumpParameter: [String] = []

    @Flag(help: "Follow full-precision statistics beside the coded ones; the log and the dump show how far they are apart.")
    var shadow = false

    @Option(help: "Folder for checkpoints.")
    var checkpoint: String?

    @Option(help: "Steps between checkpoints (default: after the last step only).")
    var checkpointEvery: Int?

    @Option(help: "Checkpoints to keep.")
    var keepCheckpoints = 2

    @Flag(help: "Go on from the newest checkpoint.")
    var resume = false

    @Flag(help: "Replace an existing log, dump and checkpoints.")
    var force = false

    func check() throws {
        for (name, value) in [
            ("dump-every", dumpEvery), ("checkpoint-every", checkpointEvery), ("keep-checkpoints", keepCheckpoints),
        ] {
            if let value, value < 1 { throw StatusError.usage("--\(name) \(value): it must be at least 1") }
        }
        if (dump == nil) != (dumpEvery == nil) { throw StatusError.usage("--dump and --dump-every need each other") }
        if !dumpParameter.isEmpty && dump == nil { throw StatusError.usage("--dump-parameter needs --dump") }
        if checkpointEvery != nil && checkpoint == nil { throw StatusError.usage("--checkpoint-every needs --checkpoint") }
        if resume && checkpoint == nil { throw StatusError.usage("--resume needs --checkpoint, the folder to go on from") }
        if resume && force { throw StatusError.usage("--resume and --force contradict each other") }
        if checkpoint == "" { throw StatusError.usage("--checkpoint '': name a folder") }
        if let log, let dump, absolute(log) == absolute(dump) {
            throw StatusError.usage("--log and --dump name the same file")
        }
    }

    /// Of a dump that would stay empty.
    ///
    /// - Parameters:
    ///   - steps: those of the whole run.
    ///   - parameters: the names of those that have preconditioners.
    func check(steps: Int, parameters: [String]) throws {
        if let dumpEvery, dumpEvery > steps {
            throw StatusError.usage("--dump-every \(dumpEvery): the run has \(steps) steps, and nothing would be dumped")
        }
        for glob in dumpParameter where !parameters.contains(where: Glob(glob).matches) {
            throw StatusError.usage(
                "--dump-parameter '\(glob)': no parameter with preconditioners has such a name; there are "
                    + parameters.joined(separator: ", "))
        }
    }

    /// The option that makes no sense without preconditioners, if one is given.
    var optionForPreconditioners: String? { dump != nil ? "dump" : shadow ? "shadow" : nil }

    var intervals: RunIntervals { RunIntervals(dump: dumpEvery, checkpoint: checkpointEvery) }

    /// Fails before anything is computed where a record cannot be made.
    func requireWritable() throws {
        for path in [log, dump].compactMap(\.self) {
            try OutputFile.requireWritable(path, overwrite: force || resume)
        }
    }

    func checkpointFolder(_ configuration: TrainConfiguration) throws -> CheckpointFolder? {
        guard let checkpoint else { return nil }
        if resume && !FileManager.default.fileExists(atPath: checkpoint) { try requireNoRecords() }
        let folder = try CheckpointFolder(
            path: checkpoint, keeping: keepCheckpoints, configuration: configuration.values)
        try folder.removeUnfinished()
        guard !resume, let newest = try folder.newest() else { return folder }
        guard force else {
            throw StatusError(
                status: .cannotCreate,
                description: "\(newest): the folder holds checkpoints; go on with --resume, replace them with --force, or "
                    + "name another folder")
        }
        for name in try folder.checkpoints() { try FileManager.default.removeItem(atPath: "\(checkpoint)/\(name)") }
        return folder
    }

    /// A folder that is not there belongs to no run: a log or dump that is there is another's.
    private func requireNoRecords() throws {
        for path in [log, dump].compactMap(\.self) where FileManager.default.fileExists(atPath: path) {
            throw StatusError(
                status: .cannotCreate,
                description: "\(path) exists, but the folder \(checkpoint ?? "") from which to go on does not; name the run's "
                    + "folder, or another \(path == log ? "log" : "dump")")
        }
    }

    /// Gives the trainer the newest checkpoint's state, if there is one.
    func resume<Model, Rule>(_ trainer: inout Trainer<Model, Rule>, _ folder: CheckpointFolder?) throws {
        guard let folder, let newest = try folder.newest() else {
            return Terminal.report("note", "there is no checkpoint in \(checkpoint ?? ""); starting from the first step")
        }
        do {
            try Probe.requireSound(newest)
            try folder.read(newest, into: &trainer)
        } catch {
            let status = ExitStatus(error)
            guard status == .wrongData, let older = try folder.checkpoints().dropLast().last else { throw error }
            throw StatusError(status: status, description: "\(error); remove it to go on from \(older)")
        }
    }

    func log<Model, Rule>(for trainer: Trainer<Model, Rule>) throws -> TrainingLog {
        guard let log else { return try TrainingLog(standardOutput: trainer.shadowGroups) }
        if resume && FileManager.default.fileExists(atPath: log) {
            return try TrainingLog(resuming: log, after: trainer.step, groups: trainer.shadowGroups)
        }
        return try TrainingLog(path: log, groups: trainer.shadowGroups)
    }

    /// A dump that goes on holds one run.
    private func requireSameRun(_ dump: String, _ configuration: TrainConfiguration) throws {
        let file = try HDF5File.open(dump)
        guard let found = try storedConfiguration(file) else {
            guard try file.datasets().isEmpty else {
                throw StatusError.usage("\(dump): does not say which run wrote it; name another with --dump")
            }
            // A kill came before the run had said so.
            return try FileManager.default.removeItem(atPath: dump)
        }
        let differences = differences(of: configuration.values, from: found)
        guard differences.isEmpty else {
            throw StatusError.usage(
                "\(dump): was written by a run with other settings: \(differences.joined(separator: "; ")); name another "
                    + "with --dump")
        }
    }

    func dump(_ configuration: TrainConfiguration, seed: UInt64) throws -> PreconditionerDump? {
        guard let dump else { return nil }
        if FileManager.default.fileExists(atPath: dump) {
            if resume {
                try Probe.requireSound(dump)
                try requireSameRun(dump, configuration)
            } else {
                try FileManager.default.removeItem(atPath: dump)
            }
        }
        let globs = dumpParameter.map { Glob($0) }
        return try PreconditionerDump(
            path: dump, parameters: { name in globs.isEmpty || globs.contains { $0.matches(name) } },
            describe: { try $0.setProvenance(seed: seed, configuration: configuration.values) })
    }
}

/// A path that two spellings of one place share.
private func absolute(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
}
