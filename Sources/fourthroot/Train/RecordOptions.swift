import ArgumentParser
import Files
import Foundation
import NeuralNetworks
import Optimizers
import Training

/// What a training leaves behind: log, dumps, checkpoints.
struct RecordOptions: ParsableArguments {
    @Option(help: "CSV with a row a step (default: standard output).", completion: .file(extensions: ["csv"]))
    var log: String?

    @Option(
        help: "HDF5 file for the preconditioners; until the run ends its steps lie in DUMP.steps beside it.",
        completion: .file(extensions: ["h5"]))
    var dump: String?

    @Option(help: "Steps between dumps.")
    var dumpEvery: Int?

    @Option(help: "Parameters to dump, by glob; may be repeated (default: all).")
    var dumpParameter: [String] = []

    @Flag(help: "Follow full-precision statistics beside the coded ones; the log and the dump show how far they are apart.")
    var shadow = false

    @Option(help: "Folder for checkpoints.", completion: .directory)
    var checkpoint: String?

    @Option(help: "Steps between checkpoints (default: after the last step only).")
    var checkpointEvery: Int?

    @Option(help: "Checkpoints to keep (default: 2).")
    var keepCheckpoints: Int?

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
        if keepCheckpoints != nil && checkpoint == nil { throw StatusError.usage("--keep-checkpoints needs --checkpoint") }
        if checkpointEvery != nil && checkpoint == nil { throw StatusError.usage("--checkpoint-every needs --checkpoint") }
        if resume && checkpoint == nil { throw StatusError.usage("--resume needs --checkpoint, the folder to go on from") }
        if resume && force { throw StatusError.usage("--resume and --force contradict each other") }
        if checkpoint == "" { throw StatusError.usage("--checkpoint '': name a folder") }
        if let log, let dump, absolute(log) == absolute(dump) {
            throw StatusError.usage("--log and --dump name the same file")
        }
    }

    /// Fails before anything is computed where a record cannot be made.
    ///
    /// - Parameter inputs: files that no record may replace.
    func requireWritable(sparing inputs: [String]) throws {
        for path in [log, dump].compactMap(\.self) {
            try OutputFile.requireWritable(path, overwrite: force || resume, sparing: inputs)
            // A folder that is not there belongs to no run: a log or dump that is there is another's.
            guard resume, let checkpoint, !FileManager.default.fileExists(atPath: checkpoint),
                FileManager.default.fileExists(atPath: path)
            else { continue }
            throw StatusError(
                status: .cannotCreate,
                description: "\(path) exists, but the folder \(checkpoint) from which to go on does not; name the run's "
                    + "folder, or another \(path == log ? "log" : "dump")")
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
                "--dump-parameter '\(glob)': no parameter with preconditioners has such a name: "
                    + "\(Glob(glob).hint(among: parameters))there are \(parameters.joined(separator: ", "))")
        }
    }

    /// The option that makes no sense without preconditioners, if one is given.
    var optionForPreconditioners: String? { dump != nil ? "dump" : shadow ? "shadow" : nil }

    var intervals: RunIntervals { RunIntervals(dump: dumpEvery, checkpoint: checkpointEvery) }
}

/// A path that two spellings of one place share.
private func absolute(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
}
