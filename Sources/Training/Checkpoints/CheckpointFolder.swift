import Foundation
import HDF5Store
import NeuralNetworks
import Optimizers

/// A folder with the last checkpoints of one run, `step-<8 digits>.h5`.
///
/// A checkpoint appears whole or not at all, and older ones are removed only once it is there. One run at a time has the
/// folder: it is locked as long as this value lives.
public struct CheckpointFolder: Sendable {
    public let path: String
    private let lock: FolderLock
    /// So many stay.
    private let kept: Int
    private let configuration: [String: String]

    /// - Parameter configuration: what decides the numbers of the run, by the names that a difference is reported under.
    /// - Throws: `CheckpointError` where the folder cannot be made or another run has it.
    public init(path: String, keeping kept: Int, configuration: [String: String]) throws(CheckpointError) {
        precondition(kept >= 1, "\(kept) checkpoints to keep")
        self.path = path
        self.kept = kept
        self.configuration = configuration
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw CheckpointError(kind: .noFolder, path: path, problem: "cannot be made: \(error.localizedDescription)")
        }
        lock = try FolderLock(path)
    }

    /// The names of the checkpoints, oldest first.
    ///
    /// - Throws: `CheckpointError`.
    public func checkpoints() throws(CheckpointError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path)
                .filter { $0.wholeMatch(of: /step-\d{8,}\.h5/) != nil }
                .sorted { ($0.count, $0) < ($1.count, $1) }
        } catch {
            throw CheckpointError(kind: .noFolder, path: path, problem: "cannot be read: \(error.localizedDescription)")
        }
    }

    /// Removes what killed runs had begun to write.
    ///
    /// - Throws: `CheckpointError`.
    public func removeUnfinished() throws(CheckpointError) {
        do {
            for name in try FileManager.default.contentsOfDirectory(atPath: path)
            where name.hasPrefix(".step-") && name.hasSuffix(".partial") {
                try FileManager.default.removeItem(atPath: "\(path)/\(name)")
            }
        } catch {
            throw CheckpointError(kind: .noFolder, path: path, problem: "cannot be cleaned: \(error.localizedDescription)")
        }
    }

    /// The path of the newest checkpoint, nil where there is none.
    ///
    /// - Throws: `CheckpointError`.
    public func newest() throws(CheckpointError) -> String? { try checkpoints().last.map { "\(path)/\($0)" } }

    /// - Throws: `HDF5Error`, `CheckpointError`; earlier checkpoints are then as they were.
    public func write<Model, Rule>(_ trainer: Trainer<Model, Rule>) throws {
        let name = String(format: "step-%08d.h5", trainer.step)
        try Checkpoint.write(trainer, configuration: configuration, to: "\(path)/\(name)")
        for old in try checkpoints().dropLast(kept) where old != name {
            try? FileManager.default.removeItem(atPath: "\(path)/\(old)")
        }
    }

    /// Gives a trainer the state of a checkpoint of the same configuration.
    ///
    /// - Throws: `HDF5Error`, `CheckpointError`, which names what differs.
    public func read<Model, Rule>(_ checkpoint: String, into trainer: inout Trainer<Model, Rule>) throws {
        let found = try Checkpoint.configuration(of: checkpoint)
        let differences = differences(of: configuration, from: found)
        guard differences.isEmpty else {
            throw CheckpointError(
                kind: .otherSettings, path: checkpoint,
                problem: "was written by a run with other settings: \(differences.joined(separator: "; ")); "
                    + "resume with the same ones, or name another folder")
        }
        try Checkpoint.read(checkpoint, into: &trainer)
    }
}

/// What decided the numbers of the run that wrote a file, by name; nil where the file does not say.
///
/// - Throws: `HDF5Error`.
public func storedConfiguration(_ file: HDF5File) throws -> [String: String]? {
    guard let text = try file.attribute("configuration")?.string else { return nil }
    return try? JSONDecoder().decode([String: String].self, from: Data(text.utf8))
}

/// Which settings of a run are other than those it was found to have had, in words.
public func differences(of current: [String: String], from found: [String: String]) -> [String] {
    Set(found.keys).union(current.keys).sorted().compactMap { key in
        found[key] == current[key]
            ? nil : "\(key) was \(found[key] ?? "not given") and is \(current[key] ?? "not given")"
    }
}

/// Keeps other runs of the program off a folder.
private final class FolderLock: Sendable {
    private let descriptor: Int32

    /// - Throws: `CheckpointError` where another process holds the lock. File systems without locks are taken as they are.
    init(_ path: String) throws(CheckpointError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor >= 0 && flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK {
            close(descriptor)
            throw CheckpointError(
                kind: .noFolder, path: path, problem: "another run has the folder; wait for its end or name another")
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}
