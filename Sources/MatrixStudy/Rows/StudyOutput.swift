import Files
import Foundation
import Synchronization

/// Where a study's rows go: standard output as they come, or a file that appears whole at the end.
///
/// On the way to a file, finished rows are kept as CSV in `OUT.partial`, from which an interrupted run goes on, whatever the
/// form of the file.
public final class StudyOutput: Sendable {
    public enum Destination: Sendable {
        case file(String)
        case standardOutput
        /// Kept for `rows` alone.
        case nowhere
    }

    /// Where to, in which form, and how to meet what a former run left.
    public struct Options: Sendable {
        public let destination: Destination
        /// The first column is the source.
        public let encoding: TableEncoding
        /// The names of the inputs in the rows, those of a former run included: a study goes on where its files were moved.
        public let sources: RowSources
        public let overwrite: Bool
        public let resume: Bool

        public init(
            _ destination: Destination, _ encoding: TableEncoding, sources: RowSources, overwrite: Bool, resume: Bool
        ) {
            self.destination = destination
            self.encoding = encoding
            self.sources = sources
            self.overwrite = overwrite
            self.resume = resume
        }

        /// nil where the rows go to no file.
        public var path: String? {
            if case .file(let path) = destination { path } else { nil }
        }
    }

    /// What a stop has found.
    public enum Stop: Sendable {
        /// A later run can go on from these rows.
        case resumable(rows: Int)
        /// The rows went to standard output.
        case lost
        /// The output was complete.
        case tooLate
    }

    private struct State {
        var partial: PartialFile?
        var records: [String] = []
        var standardOutput: SequentialFile?
        var isStopped = false
        var isFinished = false

        mutating func stop() -> Stop {
            if isFinished { return .tooLate }
            isStopped = true
            guard let partial else { return .lost }
            // Nothing is left to do about a disk that fails now; a resume tells whole rows from damaged ones.
            try? partial.synchronize()
            return .resumable(rows: records.count)
        }
    }

    private let state: Mutex<State>
    private let options: Options
    private let shard: ShardRecord?
    private let firstRow: Int
    /// The names of the columns.
    public let columns: [String]
    /// Rows that a former run had finished.
    public let resumedRows: Int

    /// Makes sure that the output can be made before anything is computed.
    ///
    /// - Parameters:
    ///   - study: the fingerprint that a partial file must carry.
    ///   - shard: what each record says of its shard, if the study is cut.
    /// - Precondition: a shard is CSV.
    /// - Throws: `OutputError`, `PartialFileError`.
    public init(_ options: Options, study: String, shard: ShardRecord? = nil, firstRow: Int = 0) throws {
        precondition(shard == nil || options.encoding.format == .csv, "a shard as \(options.encoding.format)")
        self.options = options
        self.shard = shard
        self.firstRow = firstRow
        columns = options.encoding.columns.map(\.name) + (shard == nil ? [] : ShardRecord.columns)
        let header = CSV.record(columns)
        var initial = State()
        if let path = options.path {
            initial.isFinished = try StudyOutput.takeLeftover(path, options, study, header, firstRow, &initial.records)
            if !initial.isFinished {
                try OutputFile.requireWritable(path, overwrite: options.overwrite)
                initial.partial = try StudyOutput.openPartial(path, options, study, firstRow, &initial.records)
            }
        } else if case .standardOutput = options.destination {
            initial.standardOutput = SequentialFile(standardOutput: ())
        }
        resumedRows = initial.records.count
        if options.encoding.format.isStreamed {
            try initial.standardOutput?.write(shard == nil ? options.encoding.header : header)
        }
        state = Mutex(initial)
    }

    /// Keeps the fields of finished rows, in the order of the study.
    ///
    /// - Throws: `OutputError.writeFailed`.
    public func append(_ rows: [[String]]) throws {
        try state.withLock { state in
            if state.isStopped { return }
            let records = rows.enumerated().map { offset, fields in
                let position = firstRow + state.records.count + offset
                return CSV.record(
                    fields + (shard?.fields(row: position, input: options.sources.file(ofRow: position)) ?? []))
            }
            if options.encoding.format == .csv {
                try state.standardOutput?.write(records.joined())
            } else if options.encoding.format.isStreamed {
                try state.standardOutput?.write(rows.map { options.encoding.row($0) }.joined())
            }
            try state.partial?.append(records)
            state.records += records
        }
    }

    /// The fields of all rows so far, those of a former run included.
    public var rows: [[String]] { StudyOutput.fields(state.withLock { $0.records }) }

    private static func fields(_ records: [String]) -> [[String]] {
        records.compactMap { (try? CSV.parse($0))?.first }
    }

    /// Puts the finished file in place and removes the partial one.
    ///
    /// - Returns: whether the output is complete; not where it was stopped before.
    /// - Throws: `OutputError`, `ParquetError`; the partial file then stays.
    public func finish() throws -> Bool {
        try state.withLock { state in
            if state.isStopped || state.isFinished { return state.isFinished }
            if let path = options.path {
                try state.partial?.synchronize()
                let file = try StudyOutput.file(of: state.records, columns, options.encoding)
                try OutputFile.write(path, overwrite: options.overwrite, file)
                state.partial?.remove()
                state.partial = nil
            } else if !options.encoding.format.isStreamed {
                try state.standardOutput?.write(StudyOutput.file(of: state.records, columns, options.encoding))
            }
            state.isFinished = true
            return true
        }
    }

    /// The whole output.
    private static func file(of records: [String], _ columns: [String], _ encoding: TableEncoding) throws -> Data {
        encoding.format == .csv
            ? Data((CSV.record(columns) + records.joined()).utf8) : try encoding.data(fields(records))
    }

    /// Takes no more rows and makes those it has durable.
    ///
    /// Where the rows go to standard output and nobody reads it any more, a row may be waiting for ever; it is not waited for.
    public func stop() -> Stop {
        if options.path == nil { return state.withLockIfAvailable { $0.stop() } ?? .lost }
        return state.withLock { $0.stop() }
    }

    /// Whether the run to resume was killed after its output was in place; then the partial file goes.
    private static func takeLeftover(
        _ path: String, _ options: Options, _ study: String, _ header: String, _ firstRow: Int,
        _ records: inout [String]
    ) throws -> Bool {
        guard options.resume, let output = try? SequentialFile.opening(path)?.contents() else { return false }
        var kept: [String] = []
        guard let partial = try PartialFile(resuming: path + ".partial", study: study, rows: &kept) else { return false }
        kept = renamed(kept, to: options.sources, firstRow)
        guard try isWhole(output, kept, options, header, firstRow) else { return false }
        partial.remove()
        records = kept
        return true
    }

    /// Whether an output has these records.
    private static func isWhole(
        _ output: Data, _ records: [String], _ options: Options, _ header: String, _ firstRow: Int
    ) throws -> Bool {
        guard options.encoding.format == .csv else { return try options.encoding.data(fields(records)) == output }
        let found = (try? CSV.parse(String(decoding: output, as: UTF8.self)))?.map { CSV.record($0) } ?? []
        return found.first == header && renamed(Array(found.dropFirst()), to: options.sources, firstRow) == records
    }

    private static func openPartial(
        _ output: String, _ options: Options, _ study: String, _ firstRow: Int, _ records: inout [String]
    ) throws -> PartialFile {
        let path = output + ".partial"
        if options.resume, let partial = try PartialFile(resuming: path, study: study, rows: &records) {
            records = renamed(records, to: options.sources, firstRow)
            return partial
        }
        if options.overwrite {
            try PartialFile.discard(path)
        } else if try PartialFile.isLeft(path) {
            throw OutputError(
                kind: .cannotCreate, path: path,
                problem: "it holds the rows of an interrupted run; go on with --resume or start again with --force")
        }
        let partial = try PartialFile(creating: path, study: study)
        do {
            // Another run may have finished between the first look and this file, which now keeps others off.
            try OutputFile.requireWritable(output, overwrite: options.overwrite)
        } catch {
            partial.remove()
            throw error
        }
        return partial
    }

    /// Consecutive records with the names that their inputs have now.
    private static func renamed(_ records: [String], to sources: RowSources, _ firstRow: Int) -> [String] {
        records.enumerated().map { offset, record in
            guard var fields = (try? CSV.parse(record))?.first else { return record }
            fields[0] = sources.path(ofRow: firstRow + offset)
            return CSV.record(fields)
        }
    }
}
