import Foundation
import HDF5Store
import Testing

/// A training of seconds that passes through all that a long one does: statistics, roots, dumps, checkpoints.
struct SmallTraining {
    /// Options of the preconditioner by a word for them: every kind of state that a checkpoint keeps.
    static let storages: [(name: String, options: [String])] = [
        ("none", []),
        ("exact", ["--statistic", "exact", "--root", "exact"]),
        ("naive", ["--statistic", "offdiagonal", "--root", "offdiagonal"]),
        ("full", ["--statistic", "full", "--root", "full", "--bits", "8", "--solver", "eigen"]),
        ("eigenvector", ["--statistic", "eigenvector", "--root", "offdiagonal"]),
        ("cholesky", ["--statistic", "cholesky", "--root", "symmetric"]),
        ("feedback", ["--statistic", "cholesky", "--root", "offdiagonal", "--error-feedback-decay", "0.95"]),
        ("householder", ["--statistic", "householder", "--root", "symmetric", "--bits", "5"]),
        (
            "decomposed",
            ["--statistic", "householder", "--root", "symmetric", "--bits", "8", "--update-decomposition", "eigen"]
        ),
        ("inverse-root", ["--statistic", "inverse-root", "--root", "shared", "--codebook", "linear-1.5", "--bits", "8"]),
        ("deflated", ["--statistic", "deflated", "--root", "shared", "--nre", "0.01"]),
        ("deflated beside", ["--statistic", "householder", "--root", "deflated", "--bits-per-entry", "2"]),
        ("inverse-root beside", ["--statistic", "inverse-root", "--root", "offdiagonal", "--bits", "8"]),
        ("kfac", ["--preconditioner", "kfac", "--statistic", "eigenvector", "--root", "offdiagonal"]),
        ("symmetric", ["--preconditioner", "caspr", "--statistic", "symmetric", "--root", "exact", "--bits", "8"]),
    ]

    static func options(_ storage: String) throws -> [String] {
        try #require(storages.first { $0.name == storage }).options
    }

    /// Two sides of two tables, four maps of the block, and the head.
    static let sideCount = 2 * (2 + 4 + 1)

    /// A transformer of one block with sides of 64 to 256, coded from 64 on.
    static func arguments(_ storage: String, steps: Int = 24) throws -> [String] {
        let options = try options(storage)
        // A root that is the statistic's own has no interval.
        let roots = options.contains("shared") ? [] : ["--root-interval", "4"]
        let intervals = options.isEmpty ? [] : ["--statistics-interval", "2", "--damping", "1e-4"] + roots
        return [
            "train", "--model", "gpt", "--dataset", "synthetic", "--optimizer", "adamw", "--layers", "1", "--width", "64",
            "--heads", "2", "--context", "16", "--batch-size", "4", "--steps", "\(steps)", "--dropout", "0.1",
            "--threads", "2", "--validation-batches", "2",
        ] + options + intervals
    }

    static let records = [
        "--quiet", "--log", "log.csv", "--checkpoint", "checkpoints", "--checkpoint-every", "3", "--keep-checkpoints", "100",
    ]

    /// The maps of attention, since compressing all of them would take longer than the training.
    static let dumped = ["--dump-parameter", "*attention*"]

    static func dumping(_ storage: String) throws -> [String] {
        try options(storage).isEmpty ? [] : ["--dump", "dump.h5", "--dump-every", "6", "--shadow"] + dumped
    }
}

/// A log without the columns that measure the machine.
func logWithoutTimes(_ text: String) throws -> [[String]] {
    let rows = text.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    let header = try #require(rows.first)
    let measured = ["seconds", "preconditioner_seconds", "samples_per_second", "peak_resident_bytes", "peak_device_bytes"]
    let kept = header.indices.filter { !measured.contains(header[$0]) }
    return try rows.map { row in
        try #require(row.count == header.count, "\(row)")
        return kept.map { row[$0] }
    }
}

/// Every data set of a file by name.
func contents(ofHDF5 path: String) throws -> [String: [Float]] {
    let file = try HDF5File.open(path)
    return try Dictionary(
        uniqueKeysWithValues: file.datasets().map { ($0.name, try file.readArray($0.name, as: Float.self).values) })
}
