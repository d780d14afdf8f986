import Files
import Foundation

/// A partial file that cannot be continued.
public struct PartialFileError: Error, Sendable, Equatable, CustomStringConvertible {
    public let path: String
    public let problem: String

    public var description: String { "\(path): \(problem)" }
}

/// The finished rows of an interrupted run, `OUT.csv.partial`.
///
/// The first line names the study (plan, input and version); each further line is a CSV record, a tab, and the hash of the
/// hash before and the record. So a line cut short by a kill is told from a damaged, missing or doubled one: only the
/// last line may be cut. What does not begin like a partial file is somebody else's and never changed.
final class PartialFile {
    private let file: SequentialFile
    /// The hash of the last line.
    private var last: String

    private static let signature = "fourthroot-partial 1 "

    /// A new file.
    ///
    /// - Throws: `OutputError` where something has this name.
    init(creating path: String, study: String) throws(OutputError) {
        last = study
        file = try SequentialFile.creating(path, content: PartialFile.signature + study + "\n")
    }

    /// The file of an interrupted run, cut behind its last whole row; nil where there is none.
    ///
    /// - Throws: `PartialFileError` where it belongs to another study, is damaged or no such file; `OutputError`.
    init?(resuming path: String, study: String, rows: inout [String]) throws {
        guard let file = try SequentialFile.opening(path) else { return nil }
        guard try PartialFile.isOwn(file) else {
            throw PartialFileError(
                path: path,
                problem: "it is damaged or not a partial result: its first line is wrong; move it away to start again, since "
                    + "--force removes only what is known to be this program's")
        }
        self.file = file
        let found = try PartialFile.read(file.contents(), path, study: study)
        last = found.last
        try file.truncate(to: found.length)
        if found.length == 0 { try file.write(PartialFile.signature + study + "\n") }
        rows = found.rows
    }

    /// Whether a former run left a file of this name that no run is writing.
    ///
    /// - Throws: `OutputError` where the file is in use or somebody else's.
    static func isLeft(_ path: String) throws(OutputError) -> Bool { try left(path) != nil }

    /// Removes what a former run left, if there is something.
    ///
    /// - Throws: `OutputError` as `isLeft`.
    static func discard(_ path: String) throws(OutputError) { try left(path)?.unlink() }

    private static func left(_ path: String) throws(OutputError) -> SequentialFile? {
        guard let file = try SequentialFile.opening(path) else { return nil }
        guard try isOwn(file) else {
            throw OutputError(
                kind: .cannotCreate, path: path,
                problem: "a study needs this name for its finished rows, and the file is not of this program; move it away "
                    + "or choose another output")
        }
        return file
    }

    /// Appends records; a kill loses none of those that this returned from.
    func append(_ records: [String]) throws(OutputError) {
        guard !records.isEmpty else { return }
        try file.write(
            records.map { record in
                let line = PartialFile.escaped(record)
                last = contentHash(last + line)
                return "\(line)\t\(last)\n"
            }.joined())
    }

    func synchronize() throws(OutputError) { try file.synchronize() }

    func remove() { file.unlink() }

    /// By its beginning, of which a kill or a full disk may have let little be written.
    private static func isOwn(_ file: SequentialFile) throws(OutputError) -> Bool {
        let beginning = try file.contents(limit: signature.utf8.count)
        return signature.utf8.starts(with: beginning)
    }

    private static func read(
        _ data: Data, _ path: String, study: String
    ) throws(PartialFileError) -> (rows: [String], length: Int, last: String) {
        var lines = data.split(separator: 0x0A, omittingEmptySubsequences: false)
        // What follows the last line feed was cut short: dropped, and computed again.
        let tail = lines.popLast()?.count ?? 0
        // Killed before the first line was whole.
        if lines.isEmpty, (signature + study).utf8.starts(with: data) { return ([], 0, study) }
        guard let first = lines.first, first.elementsEqual((signature + study).utf8) else {
            throw PartialFileError(
                path: path,
                problem: "it belongs to another study (plan, input file or version differ); "
                    + "run that one, or start again with --force")
        }
        var rows: [String] = []
        var last = study
        for (index, line) in lines.enumerated().dropFirst() {
            guard let text = String(data: line, encoding: .utf8), let tab = text.lastIndex(of: "\t"),
                contentHash(last + text[..<tab]) == text[text.index(after: tab)...]
            else {
                throw PartialFileError(
                    path: path, problem: "line \(index + 1) is damaged; start again with --force")
            }
            last = String(text[text.index(after: tab)...])
            rows.append(unescaped(text[..<tab]))
        }
        return (rows, data.count - tail, last)
    }

    /// A record without its line feed, on one line. Scalars, not characters: a carriage return and a line feed are one
    /// character.
    private static func escaped(_ record: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in record.unicodeScalars.dropLast() {
            switch scalar {
            case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    private static func unescaped(_ line: Substring) -> String {
        var result = String.UnicodeScalarView()
        var scalars = line.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            result.append(scalar != "\\" ? scalar : scalars.next() == "n" ? "\n" : "\\")
        }
        return String(result) + "\n"
    }
}
