import Files
import Foundation
import HDF5Store
import NeuralNetworks
import Optimizers
import Training

/// The log, the dump and the checkpoints of one run: a set that no other run writes as long as this value lives.
struct RunRecords {
    let log: TrainingLog
    let dump: PreconditionerDump?
    let checkpoints: CheckpointFolder?
    private let options: RecordOptions
    private let configuration: RunConfiguration

    /// Takes all three. What is there stays as it is until `begin`.
    ///
    /// - Parameter groups: those of the shadow's columns in the log.
    /// - Throws: where one of them cannot be made, or another run has it; what was taken before is given back.
    init(_ options: RecordOptions, _ configuration: RunConfiguration, groups: [String]) throws {
        self.options = options
        self.configuration = configuration
        // The folder first: a log or dump without it belongs to no run that could go on.
        checkpoints = try options.checkpoint.map {
            try CheckpointFolder(path: $0, keeping: options.keepCheckpoints ?? 2, configuration: configuration)
        }
        do {
            let globs = options.dumpParameter.map { Glob($0) }
            dump = try options.dump.map { path in
                try PreconditionerDump(path: resolved(path)) { name in
                    globs.isEmpty || globs.contains { $0.matches(name) }
                }
            }
        } catch {
            checkpoints?.withdraw()
            throw error
        }
        do {
            log =
                try options.log.map { try TrainingLog(path: resolved($0), groups: groups) }
                ?? TrainingLog(standardOutput: groups)
        } catch {
            dump?.withdraw()
            checkpoints?.withdraw()
            throw error
        }
    }

    /// Goes on where the newest checkpoint ends, or begins anew in place of what is there.
    ///
    /// - Throws: where what is there may not be replaced or gone on from; it is then as it was.
    func begin<Model, Rule>(_ trainer: inout Trainer<Model, Rule>, seed: UInt64) throws {
        do {
            let attributes = try provenance(seed: seed, configuration: configuration.values)
            if options.resume {
                try resume(&trainer)
                if let dump { try requireSameRun(dump.path) }
                try log.resume(after: trainer.step, loss: trainer.loss)
                try dump?.resume(attributes: attributes)
                // A kill may have come between a new checkpoint and the removal of an old one.
                try checkpoints?.removeOld()
            } else {
                try requireReplaceable()
                try checkpoints?.removeCheckpoints()
                try log.start()
                try dump?.start(attributes: attributes)
            }
        } catch {
            log.withdraw()
            dump?.withdraw()
            checkpoints?.withdraw()
            throw error
        }
    }

    private func requireReplaceable() throws {
        guard !options.force else { return }
        if log.isThere {
            throw StatusError(
                status: .cannotCreate, description: "\(log.path): it exists; choose another name or pass --force")
        }
        if let newest = try checkpoints?.newest() {
            throw StatusError(
                status: .cannotCreate,
                description: "\(newest): the folder holds checkpoints; go on with --resume, replace them with --force, or "
                    + "name another folder")
        }
        if let dump, dump.isThere {
            throw StatusError(
                status: .cannotCreate,
                description: "\(dump.path): it exists, or a run that was killed has left steps of it; go on with --resume, "
                    + "replace it with --force, or name another")
        }
    }

    /// Gives the trainer the newest checkpoint's state, if there is one.
    private func resume<Model, Rule>(_ trainer: inout Trainer<Model, Rule>) throws {
        guard let checkpoints, let newest = try checkpoints.newest() else {
            return Terminal.report(
                "note", "there is no checkpoint in \(options.checkpoint ?? ""); starting from the first step")
        }
        do {
            try Probe.requireSound(newest)
            try checkpoints.read(newest, into: &trainer)
        } catch {
            let status = ExitStatus(error)
            guard status == .wrongData else { throw error }
            let older = try checkpoints.checkpoints().dropLast().last
            let way = older.map { "remove it to go on from \($0)" } ?? "there is no older one; start again with --force"
            throw StatusError(status: status, description: "\(error); \(way)")
        }
    }

    /// A dump that goes on holds one run.
    private func requireSameRun(_ dump: String) throws {
        guard FileManager.default.fileExists(atPath: dump) else { return }
        try Probe.requireSound(dump)
        guard let found = try RunConfiguration.stored(in: HDF5File.open(dump)) else {
            throw StatusError.usage("\(dump): does not say which run wrote it; name another with --dump")
        }
        let differences = configuration.differences(from: found)
        guard differences.isEmpty else {
            throw StatusError.usage(
                "\(dump): was written by a run with other settings: \(differences.joined(separator: "; ")); name another "
                    + "with --dump")
        }
    }
}

/// The file to which a symbolic link leads, which stays the user's.
private func resolved(_ path: String) -> String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) == nil
        ? path : URL(fileURLWithPath: path).resolvingSymlinksInPath().path
}
