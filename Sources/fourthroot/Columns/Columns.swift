import ArgumentParser
import Files
import Foundation

/// What the columns of the program's tables say.
struct Columns: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Explain the columns of a CSV file or of the tables that a command writes.",
        discussion: "Commands: \(TableDescription.all.map(\.command).joined(separator: ", ")).")

    @Argument(
        help: ArgumentHelp("CSV file, - for standard input, or command (default: all commands).", valueName: "file or command"),
        completion: .file(extensions: ["csv"]))
    var subject: [String] = []

    @Flag(help: "As a page in Markdown.")
    var markdown = false

    @OptionGroup var table: TableOptions

    func run() throws {
        try table.output.requireWritable(sparing: subject)
        let explained = try explained()
        let isTable = table.format != nil || table.path.map { TableFormat(path: $0) != nil } ?? false
        if markdown {
            try table.output.write(ColumnPage(explained).text)
        } else if isTable {
            try table.output.write(
                TableEncoding(TableDescription.columns.columns, as: table.resolvedFormat)
                    .data(explained.flatMap(Columns.rows)))
        } else {
            try table.output.write(explained.map { Columns.text($0, width: Terminal.width) }.joined(separator: "\n"))
        }
    }

    private func explained() throws -> [TableDescription] {
        if subject.isEmpty { return TableDescription.all }
        let words = subject.joined(separator: " ")
        let named = TableDescription.all.filter { $0.command == words || $0.command.hasPrefix(words + " ") }
        if !named.isEmpty { return named }
        guard subject.count == 1 else {
            throw StatusError.usage(
                "'\(words)' is no command that writes a table; there are "
                    + TableDescription.all.map(\.command).joined(separator: ", "))
        }
        return [try columns(ofFile: words)]
    }

    /// A file's own columns, in its order.
    private func columns(ofFile path: String) throws -> TableDescription {
        let header: [String]
        do {
            header = try CSV.parse(readText(path)).first ?? []
        } catch let error as CSVError {
            throw StatusError(status: .wrongData, description: "\(path): \(error)")
        } catch let error as TextFileError where error.isMissing {
            throw StatusError(
                status: .noInput,
                description: "\(error), and no command of this name writes a table; commands that do are "
                    + TableDescription.all.map(\.command).joined(separator: ", "))
        }
        guard let best = TableDescription.best(for: header) else {
            throw StatusError(
                status: .wrongData, description: "\(path): none of its columns is one that this program writes")
        }
        let shard = header.contains("shard") ? TableDescription.studyShard : nil
        return TableDescription(
            best.command, row: best.row,
            header.map { name in
                let known = best.column(named: name) ?? shard?.column(named: name)
                return known.map { Column(name, $0.kind, unit: $0.unit, $0.meaning, empty: $0.empty) }
                    ?? Column(name, .text, "")
            })
    }

    private static func rows(_ table: TableDescription) -> [[String]] {
        table.columns.map { column in
            [
                column.meaning.isEmpty ? "" : table.command, column.name, column.kind.rawValue, column.unit, column.meaning,
                column.empty,
            ]
        }
    }

    /// A heading and a paragraph a column.
    private static func text(_ table: TableDescription, width: Int) -> String {
        let indent = min(26, (table.columns.map { printableText($0.name).count }.max() ?? 0) + 2)
        return cut("\(table.command): a row is \(table.row)", to: width) + "\n"
            + table.columns.map { column in
                let name = printableText(column.name)
                let lines = wrapped(column.explanation, to: max(20, width - indent - 2))
                let first =
                    name.count < indent
                    ? name + String(repeating: " ", count: indent - name.count)
                    : name + "\n" + String(repeating: " ", count: indent + 2)
                return "  " + first + lines.joined(separator: "\n" + String(repeating: " ", count: indent + 2)) + "\n"
            }.joined()
    }
}

extension Column {
    /// Kind, unit, meaning and where it is empty, in a paragraph.
    var explanation: String {
        if meaning.isEmpty { return "Not a column that this program writes." }
        let kind = kind == .text ? "" : " (\(kind.rawValue)\(unit.isEmpty ? "" : ", \(unit)"))"
        return meaning + kind + (empty.isEmpty ? "" : " Empty: \(empty).")
    }
}

/// The words of a text in lines of at most so many characters; a longer word has a line of its own.
func wrapped(_ text: String, to width: Int) -> [String] {
    text.split(separator: " ").reduce(into: [String]()) { lines, word in
        if let last = lines.last, last.count + 1 + word.count <= width {
            lines[lines.count - 1] = "\(last) \(word)"
        } else {
            lines.append(String(word))
        }
    }
}
