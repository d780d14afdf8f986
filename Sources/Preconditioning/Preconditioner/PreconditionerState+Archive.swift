import Compute
import MatrixCore

extension PreconditionerState {
    /// The buffers of statistic and root, together `byteCount` bytes, and the extras: the `codebooks` of codes, `generator` (seed,
    /// stream and position), `updates` (of the statistic, and those that the root has seen), `failures`, `last_failure` and, where it is
    /// kept, `uncoded_statistic`, and with a `refreshThreshold` the `residual`, −1 for none.
    public func archive(_ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        archive.add("statistic", statistic.archive(backend))
        if let keptRoot { archive.add("root", keptRoot.archive(backend)) }
        if let uncodedStatistic { archive.add("uncoded_statistic", uncodedStatistic, backend) }
        archive.add("generator", generator)
        archive.add("updates", .integers([UInt64(updates), UInt64(updatesOfRoot)]))
        for entry in record.archive.entries { archive.add(entry.name, entry.buffer) }
        if scheme.refreshThreshold != nil { archive.add("residual", .doubles([residual ?? -1])) }
        return archive
    }

    /// Becomes the state that was written; its scheme and order must be this one's.
    ///
    /// - Throws: `StateArchiveError`.
    public mutating func read(_ archive: StateArchive, _ backend: Backend) throws(StateArchiveError) {
        try statistic.read(archive.part("statistic"), backend)
        try keptRoot?.read(archive.part("root"), backend)
        uncodedStatistic =
            archive.contains("uncoded_statistic")
            ? try archive.finiteTensor("uncoded_statistic", shape: (order, order), backend) : nil
        generator = try archive.generator("generator")
        let counts = try archive.integers("updates", count: 2)
        // One update a step: no training has 2^48 steps.
        guard counts[1] <= counts[0], counts[0] < 1 << 48 else {
            throw archive.error("updates", .invalid("\(counts) are no counts of updates"))
        }
        (updates, updatesOfRoot) = (Int(counts[0]), Int(counts[1]))
        record = try PreconditionerRecord(from: archive)
        if scheme.refreshThreshold != nil {
            let found = try archive.doubles("residual", count: 1)[0]
            residual = found < 0 ? nil : found
        }
    }
}
