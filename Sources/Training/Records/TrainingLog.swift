import Files
import Foundation

/// A log as CSV that grows row by row and can be read at any time.
///
/// The file belongs to this value as long as it lives: two runs that write one log would spoil it. Rows that do not fit
/// on the disk wait in memory, and follow in order when there is room.
public final class TrainingLog {
    public let path: String
    private let groups: [String]
    /// Nil on standard output.
    private let file: SequentialFile?
    /// Whether there was a file before.
    public let isThere: Bool
    private var queue: LineQueue
    private var lastStep = 0
    /// Fields of a row: a log of a former version that goes on keeps its columns.
    private var width: Int
    /// What runs before this one have summed up: from the last row that a resumed log kept.
    public private(set) var before = (seconds: 0.0, preconditionerSeconds: 0.0, peakPreconditionerBytes: 0)
    /// Steps before the one to go on from whose rows a resumed log lacks: they could not be written when it ended.
    public private(set) var lost: ClosedRange<Int>?

    /// Takes a path for the log; what is there stays as it is until `start` or `resume`.
    ///
    /// - Parameter groups: those of the shadow's columns.
    /// - Throws: `OutputError`, also where another run writes it.
    public init(path: String, groups: [String]) throws(OutputError) {
        self.path = path
        self.groups = groups
        width = LogRow.columns(groups: groups).count
        let file: SequentialFile
        if let found = try SequentialFile.opening(path) {
            (file, isThere) = (found, true)
        } else {
            (file, isThere) = (try .creating(path, content: TrainingLog.header(groups)), false)
        }
        queue = LineQueue(file.descriptor, cutsBack: true)
        self.file = file
    }

    /// A log on standard output.
    public init(standardOutput groups: [String]) {
        path = "standard output"
        self.groups = groups
        width = LogRow.columns(groups: groups).count
        file = nil
        isThere = false
        queue = LineQueue(STDOUT_FILENO, cutsBack: false)
    }

    /// Removes the file where this value has made it, for a run that does not begin.
    public func withdraw() {
        if !isThere { file?.unlink() }
    }

    /// Begins anew, in place of what is there.
    ///
    /// - Throws: `OutputError`, `LogError`.
    public func start() throws {
        // A new file has its header.
        if file != nil && !isThere { return }
        try file?.truncate(to: 0)
        queue.append(TrainingLog.header(groups))
        try flush()
    }

    /// Goes on after a step; rows of later steps, and one that a kill cut short, are dropped.
    ///
    /// - Parameter loss: that of the step, by which the log of another run is known; nil before the first step.
    /// - Throws: `LogError` where the file is not such a log or another run's, `OutputError`.
    public func resume(after step: Int, loss: Double?) throws {
        guard let file, isThere else {
            if step > 0 { lost = 1...step }
            return try start()
        }
        let data = try file.contents()
        var header = TrainingLog.header(groups)
        // Former versions have fewer columns, the newest of which come last.
        for count in 1...LogRow.newColumns.count {
            let lacking = LogRow.newColumns.suffix(count).map { ",\($0)" }.joined()
            let former = TrainingLog.header(groups).replacing("\(lacking)\n", with: "\n")
            if data.starts(with: former.utf8) {
                header = former
                width -= count
                break
            }
        }
        // Killed before the header was whole.
        if header.utf8.starts(with: data) && data.count < header.utf8.count { return try start() }
        guard data.starts(with: header.utf8) else {
            throw LogError(
                kind: .wrongData, path: path,
                problem: "is not the log of such a run: its columns differ; name another with --log")
        }
        // What follows the last line feed was cut short.
        let lines = data.split(separator: 0x0A, omittingEmptySubsequences: false).dropFirst().dropLast()
        let kept = lines.prefix { line in TrainingLog.step(of: line).map { $0 <= step } ?? false }
        lastStep = kept.last.flatMap(TrainingLog.step) ?? 0
        if lastStep < step { lost = lastStep + 1...step }
        if let last = kept.last {
            let fields = String(decoding: last, as: UTF8.self).split(separator: ",", omittingEmptySubsequences: false)
            if lastStep == step, let loss { try requireLoss(loss, in: fields) }
            try readSums(fields, row: kept.count)
        }
        try file.truncate(to: header.utf8.count + kept.reduce(0) { $0 + $1.count + 1 })
    }

    /// - Throws: `LogError` where the row, or one before it, waits for room.
    public func append(_ row: LogRow) throws(LogError) {
        lastStep = row.step
        queue.append(row.fields(groups: groups).prefix(width).joined(separator: ",") + "\n")
        try flush()
    }

    /// Tries again to write the rows that wait.
    ///
    /// - Throws: `LogError`.
    public func flush() throws(LogError) {
        if let problem = queue.flush() {
            throw LogError(kind: .inputOutput, path: path, problem: "cannot be written: \(problem)")
        }
    }

    /// The steps whose rows wait for room.
    public var waiting: ClosedRange<Int>? { queue.count > 0 ? lastStep - queue.count + 1...lastStep : nil }

    /// Whether another program has removed the file or put another in its place: its rows are then lost.
    public var isReplaced: Bool { file.map { !$0.hasItsName } ?? false }

    /// Asks the disk to keep what is written.
    ///
    /// - Throws: `OutputError`.
    public func synchronize() throws(OutputError) { try file?.synchronize() }

    private static func header(_ groups: [String]) -> String {
        LogRow.columns(groups: groups).joined(separator: ",") + "\n"
    }

    private static func step(of line: Data) -> Int? {
        Int(String(decoding: line.prefix { $0 != UInt8(ascii: ",") }, as: UTF8.self))
    }

    /// Two runs with other seeds, data or settings have other losses at the same step.
    private func requireLoss(_ loss: Double, in fields: [Substring]) throws(LogError) {
        guard fields.count > 2, let found = Double(fields[2]), found == loss else {
            throw LogError(
                kind: .wrongData, path: path,
                problem: "is the log of another run: its loss of step \(lastStep) is \(fields.count > 2 ? fields[2] : ""), the "
                    + "checkpoint's is \(loss); name another with --log")
        }
    }

    private func readSums(_ fields: [Substring], row: Int) throws(LogError) {
        func number<Value: LosslessStringConvertible & Comparable>(
            _ what: String, _ column: Int, in range: ClosedRange<Value>
        ) throws(LogError) -> Value {
            guard fields.indices.contains(column), let value = Value(String(fields[column])), range.contains(value) else {
                throw LogError(
                    kind: .wrongData, path: path,
                    problem: "row \(row) has no \(what) in column \(column + 1); it is damaged: name another with --log")
            }
            return value
        }
        // A thousand years are more than any run, and less than what a duration holds.
        let times = 0...3e10
        before = (
            try number("time", 5, in: times), try number("time", 6, in: times),
            try number("number of bytes", LogRow.columns(groups: groups).count - LogRow.newColumns.count - 1, in: 0...Int.max)
        )
    }
}

/// A log that cannot be read or written.
public struct LogError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable {
        /// Not such a log, or damaged.
        case wrongData
        /// The operating system refuses.
        case inputOutput
    }

    public let kind: Kind
    public let path: String
    public let problem: String

    public var description: String { "\(path): \(problem)" }
}
