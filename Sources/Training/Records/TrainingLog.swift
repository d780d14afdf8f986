import Foundation

/// One row of a training's log.
public struct LogRow: Sendable, Equatable {
    public var step: Int
    public var epoch: Int
    public var loss: Double
    public var accuracy: Double
    public var learningRate: Double
    /// Since the start of the run, those of runs that this one continues included.
    public var seconds: Double
    /// The part of it that statistics, roots and their use took.
    public var preconditionerSeconds: Double
    /// Of this step.
    public var samplesPerSecond: Double
    public var optimizerStateBytes: Int
    public var preconditionerBytes: Int
    public var peakResidentBytes: Int
    /// Nil where the step was not evaluated.
    public var validation: Evaluation?
    /// Updates of statistics that failed, up to now.
    public var statisticFailures: Int
    public var rootFailures: Int
    /// A group of parameters and how far its roots are from those of the shadow; empty where that was not computed.
    public var shadowErrors: [ShadowError]

    /// - Parameter groups: those of the shadow's columns.
    static func columns(groups: [String]) -> [String] {
        [
            "step", "epoch", "loss", "accuracy", "learning_rate", "seconds", "preconditioner_seconds", "samples_per_second",
            "optimizer_state_bytes", "preconditioner_bytes", "peak_resident_bytes", "validation_loss",
            "validation_accuracy", "statistic_failures", "root_failures",
        ] + groups.flatMap { ["nre:\($0)", "angle_degrees:\($0)"] }
    }

    func fields(groups: [String]) -> [String] {
        let errors = Dictionary(uniqueKeysWithValues: shadowErrors.map { ($0.group, $0) })
        return [
            "\(step)", "\(epoch)", "\(loss)", "\(accuracy)", "\(learningRate)", "\(seconds)", "\(preconditionerSeconds)",
            "\(samplesPerSecond)", "\(optimizerStateBytes)", "\(preconditionerBytes)", "\(peakResidentBytes)",
            validation.map { "\($0.loss)" } ?? "", validation.map { "\($0.accuracy)" } ?? "", "\(statisticFailures)",
            "\(rootFailures)",
        ]
            + groups.flatMap { group in
                [errors[group]?.normwiseRelativeError, errors[group]?.angleDegrees].map { $0.map { "\($0)" } ?? "" }
            }
    }
}

/// A log as CSV that grows row by row and can be read at any time.
public final class TrainingLog {
    private let file: FileHandle
    private let path: String
    private let groups: [String]
    /// The times in the last row that a resumed log kept.
    public let elapsed: (seconds: Double, preconditionerSeconds: Double)

    /// Starts a log at a path, replacing what is there.
    ///
    /// - Throws: `LogError`.
    public init(path: String, groups: [String]) throws {
        self.path = path
        self.groups = groups
        file = try lockedFile(path)
        elapsed = (0, 0)
        try continued(path) { try file.truncate(atOffset: 0) }
        try append(LogRow.columns(groups: groups))
    }

    /// A log on standard output.
    public init(standardOutput groups: [String]) throws {
        path = "standard output"
        file = .standardOutput
        self.groups = groups
        elapsed = (0, 0)
        try append(LogRow.columns(groups: groups))
    }

    /// Goes on with a log after a step; rows of later steps, and one that a kill cut short, are dropped.
    ///
    /// - Throws: `LogError` where the file is not such a log.
    public init(resuming path: String, after step: Int, groups: [String]) throws {
        self.path = path
        self.groups = groups
        file = try lockedFile(path)
        let data = try continued(path) { try Data(contentsOf: URL(fileURLWithPath: path)) }
        let text = String(decoding: data, as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
        guard lines.first == LogRow.columns(groups: groups).joined(separator: ",") else {
            throw LogError(
                kind: .wrongData, path: path,
                problem: "is not the log of such a run: its columns differ; name another with --log")
        }
        let kept = lines.dropFirst().prefix { line in
            line.split(separator: ",").first.flatMap { Int($0) }.map { $0 <= step } ?? false
        }
        let last = kept.last?.split(separator: ",", omittingEmptySubsequences: false)
        func seconds(_ column: Int) throws(LogError) -> Double {
            guard let last else { return 0 }
            // A thousand years are more than any run, and less than what a duration holds.
            guard last.count > column, let value = Double(last[column]), (0...3e10).contains(value) else {
                throw LogError(
                    kind: .wrongData, path: path,
                    problem: "row \(kept.count) has no time in column \(column + 1); it is damaged: name another with --log")
            }
            return value
        }
        elapsed = (try seconds(5), try seconds(6))
        let length = ([lines[0]] + kept).reduce(0) { $0 + $1.utf8.count + 1 }
        try continued(path) {
            try file.truncate(atOffset: UInt64(length))
            try file.seekToEnd()
        }
    }

    /// - Throws: `LogError`.
    public func append(_ row: LogRow) throws { try append(row.fields(groups: groups)) }

    private func append(_ fields: [String]) throws {
        do {
            try file.write(contentsOf: Data((fields.joined(separator: ",") + "\n").utf8))
        } catch {
            throw LogError(kind: .inputOutput, path: path, problem: "cannot be written: \(error.localizedDescription)")
        }
    }
}

/// A log that cannot be read or written.
public struct LogError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable {
        /// Not such a log, or damaged.
        case wrongData
        /// The operating system refuses, or another run has it.
        case inputOutput
    }

    public let kind: Kind
    public let path: String
    public let problem: String

    public var description: String { "\(path): \(problem)" }
}

/// A file to write, kept off other runs as long as it is open: two that write one log would spoil it.
private func lockedFile(_ path: String) throws -> FileHandle {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
        throw LogError(kind: .inputOutput, path: path, problem: "cannot be created: \(String(cString: strerror(errno)))")
    }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    // File systems without locks are taken as they are.
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK {
        throw LogError(
            kind: .inputOutput, path: path, problem: "another run is writing it; wait for its end or name another with --log")
    }
    return file
}

private func continued<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    do {
        return try body()
    } catch {
        throw LogError(kind: .inputOutput, path: path, problem: "cannot be continued: \(error.localizedDescription)")
    }
}
