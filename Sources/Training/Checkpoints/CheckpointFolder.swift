import Files
import Foundation
import HDF5Store
import NeuralNetworks
import Optimizers

/// A folder with the last checkpoints of one run, `step-<8 digits>.h5`.
///
/// A checkpoint appears whole or not at all, and older ones are removed only once it is there. The folder belongs to this
/// value as long as it lives.
public struct CheckpointFolder {
    public let path: String
    private let claim: FolderClaim
    /// So many stay.
    private let kept: Int
    private let configuration: RunConfiguration

    /// - Throws: `CheckpointError` where the folder cannot be made, `OutputError` also where another run has it.
    public init(path: String, keeping kept: Int, configuration: RunConfiguration) throws {
        precondition(kept >= 1, "\(kept) checkpoints to keep")
        self.path = path
        self.kept = kept
        self.configuration = configuration
        // Not by NSString, whose deletingLastPathComponent traps on a name of one letter.
        let parent = path.split(separator: "/").dropLast().joined(separator: "/")
        do {
            if !parent.isEmpty {
                try FileManager.default.createDirectory(
                    atPath: path.hasPrefix("/") ? "/" + parent : parent, withIntermediateDirectories: true)
            }
        } catch {
            throw CheckpointError(kind: .noFolder, path: path, problem: "cannot be made: \(error.localizedDescription)")
        }
        claim = try FolderClaim(path)
    }

    /// Removes the folder where this value has made it, for a run that does not begin.
    public func withdraw() {
        if claim.isNew { claim.removeEmpty() }
    }

    /// The names of the checkpoints, oldest first.
    ///
    /// - Throws: `CheckpointError`.
    public func checkpoints() throws(CheckpointError) -> [String] {
        do {
            return try CheckpointFolder.checkpoints(in: path)
        } catch {
            throw CheckpointError(kind: .noFolder, path: path, problem: "cannot be read: \(error.localizedDescription)")
        }
    }

    /// The path of the newest checkpoint of a folder that may be another's; nil where there is none.
    public static func newest(in path: String) -> String? {
        (try? checkpoints(in: path))?.last.map { "\(path)/\($0)" }
    }

    private static func checkpoints(in path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path)
            .filter { $0.wholeMatch(of: /step-\d{8,}\.h5/) != nil }
            .sorted { ($0.count, $0) < ($1.count, $1) }
    }

    /// The path of the newest checkpoint, nil where there is none.
    ///
    /// - Throws: `CheckpointError`.
    public func newest() throws(CheckpointError) -> String? { try checkpoints().last.map { "\(path)/\($0)" } }

    /// - Throws: `CheckpointError`.
    public func removeCheckpoints() throws {
        for name in try checkpoints() { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }
    }

    /// - Throws: `HDF5Error`, `CheckpointError`; earlier checkpoints are then as they were.
    public func write<Model, Rule>(_ trainer: Trainer<Model, Rule>) throws {
        let name = String(format: "step-%08d.h5", trainer.step)
        try Checkpoint.write(trainer, configuration: configuration, to: "\(path)/\(name)")
        try removeOld(except: name)
    }

    /// Removes those that are more than are kept.
    ///
    /// - Throws: `CheckpointError`.
    public func removeOld(except name: String? = nil) throws {
        for old in try checkpoints().dropLast(kept) where old != name {
            try? FileManager.default.removeItem(atPath: "\(path)/\(old)")
        }
    }

    /// Gives a trainer the state of a sound checkpoint of the same configuration.
    ///
    /// - Throws: `HDF5Error`; `CheckpointError`, which names what is wrong or differs; the trainer is then as it was.
    public func read<Model, Rule>(_ checkpoint: String, into trainer: inout Trainer<Model, Rule>) throws {
        try Checkpoint.restore(&trainer, from: Checkpoint.read(checkpoint, of: configuration), checkpoint)
    }
}
