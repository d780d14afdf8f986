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
/// last line may be cut.
final class PartialFile {
    private let file: SequentialFile
    /// The hash of the last line.
    private var last: String
    let path: String

    private static let signature = "fourthroot-partial 1 "

    /// A new file in place of any other.
    ///
    /// - Throws: `OutputError`.
    init(creating path: String, study: String) throws(OutputError) {
        self.path = path
        last = study
        file = try SequentialFile(path: path, flags: O_CREAT)
        try file.lock()
        do throws(OutputError) {
            try file.truncate(to: 0)
            try file.write(PartialFile.signature + study + "\n")
            try file.synchronize()
        } catch {
            unlink(path)
            throw error
        }
    }

    /// The file of an interrupted run, cut behind its last whole row.
    ///
    /// - Throws: `PartialFileError` where it belongs to another study or is damaged; `OutputError`.
    init(resuming path: String, study: String, rows: inout [String]) throws {
        self.path = path
        file = try SequentialFile(path: path, flags: 0)
        try file.lock()
        let found = try PartialFile.read(path, study: study)
        last = found.last
        try file.truncate(to: found.length)
        if found.length == 0 { try file.write(PartialFile.signature + study + "\n") }
        rows = found.rows
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

    private static func read(
        _ path: String, study: String
    ) throws(PartialFileError) -> (rows: [String], length: Int, last: String) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw PartialFileError(path: path, problem: "it cannot be read")
        }
        var lines = data.split(separator: 0x0A, omittingEmptySubsequences: false)
        // What follows the last line feed was cut short: dropped, and computed again.
        let tail = lines.popLast()?.count ?? 0
        // Killed before the first line was whole.
        if lines.isEmpty, (signature + study).utf8.starts(with: data) { return ([], 0, study) }
        guard let first = lines.first, first.elementsEqual((signature + study).utf8) else {
            let isOurs = lines.first?.starts(with: signature.utf8) == true
            throw PartialFileError(
                path: path,
                problem: isOurs
                    ? "it belongs to another study (plan, input file or version differ); "
                        + "run that one, or start again with --force"
                    : "it is damaged or not a partial result: its first line is wrong; start again with --force")
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
