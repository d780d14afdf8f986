import Compute

/// The failures of one side of a preconditioner; a new record has none.
public struct PreconditionerRecord: Sendable, Equatable {
    public enum Operation: String, Sendable { case statistic, root }

    public private(set) var statisticFailures = 0
    public private(set) var rootFailures = 0
    /// Roots in a row that failed, up to now.
    public private(set) var consecutiveRootFailures = 0
    /// Of the last failure, in words.
    public private(set) var lastFailure: String?

    public init() {}

    /// `failures`, the three counts, and `last_failure`, UTF-8, empty for none.
    var archive: StateArchive {
        var archive = StateArchive()
        let counts = [statisticFailures, rootFailures, consecutiveRootFailures]
        archive.add("failures", .integers(counts.map { UInt64($0) }))
        archive.add("last_failure", .bytes(Array((lastFailure ?? "").utf8)))
        return archive
    }

    /// - Throws: `StateArchiveError`.
    init(from archive: StateArchive) throws(StateArchiveError) {
        let counts = try archive.integers("failures", count: 3)
        // One failure a step: no training has 2^48 steps.
        guard counts.allSatisfy({ $0 < 1 << 48 }), counts[2] <= counts[1] else {
            throw archive.error("failures", .invalid("\(counts) are no counts of failures"))
        }
        guard let text = String(validating: try archive.bytes("last_failure", count: nil), as: UTF8.self) else {
            throw archive.error("last_failure", .invalid("it is not UTF-8"))
        }
        statisticFailures = Int(counts[0])
        rootFailures = Int(counts[1])
        consecutiveRootFailures = Int(counts[2])
        lastFailure = text.isEmpty ? nil : text
    }

    mutating func addFailure(of operation: Operation, _ reason: String) {
        switch operation {
        case .statistic: statisticFailures += 1
        case .root:
            rootFailures += 1
            consecutiveRootFailures += 1
        }
        lastFailure = "\(operation.rawValue): \(reason)"
    }

    mutating func endFailures() { consecutiveRootFailures = 0 }
}
