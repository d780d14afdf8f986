import Foundation

/// The forms in which a table is written.
public enum TableFormat: String, Sendable, CaseIterable {
    case csv, tsv, jsonl, parquet

    /// By the extension of a file's name; nil for another.
    public init?(path: String) {
        switch URL(fileURLWithPath: path).pathExtension.lowercased() {
        case "csv": self = .csv
        case "tsv", "tab": self = .tsv
        case "jsonl", "ndjson": self = .jsonl
        case "parquet": self = .parquet
        default: return nil
        }
    }

    /// Whether it can be written row by row.
    public var isStreamed: Bool { self != .parquet }
}

/// A table's columns and the form in which its rows are written.
public struct TableEncoding: Sendable {
    public let columns: [Column]
    public let format: TableFormat

    public init(_ columns: [Column], as format: TableFormat = .csv) {
        self.columns = columns
        self.format = format
    }

    /// What comes before the rows.
    public var header: String {
        switch format {
        case .csv, .parquet: CSV.record(columns.map(\.name))
        case .tsv: CSV.record(columns.map(\.name), separator: "\t")
        case .jsonl: ""
        }
    }

    /// A row with its line feed; of Parquet, which has no rows, the CSV of which it is made.
    ///
    /// TSV is quoted like CSV, which is how readers of either take a tab or a line feed in a name.
    public func row(_ fields: [String]) -> String {
        switch format {
        case .csv, .parquet: CSV.record(fields)
        case .tsv: CSV.record(fields, separator: "\t")
        case .jsonl: object(fields)
        }
    }

    /// The whole table.
    ///
    /// - Throws: `ParquetError`.
    public func data(_ rows: [[String]]) throws -> Data {
        let text = Data((header + rows.map { row($0) }.joined()).utf8)
        return format == .parquet ? try Parquet.file(ofCSV: text, columns) : text
    }

    /// A JSON object on a line, its members in the order of the columns: an empty field is null. JSON has no infinity, which is
    /// text here, as is whatever is no number in a column of numbers.
    private func object(_ fields: [String]) -> String {
        let members = zip(columns, fields).map { column, field in
            let isBare = column.kind != .text && JSONString.isNumber(field)
            return JSONString.quoted(column.name) + ": "
                + (field.isEmpty ? "null" : isBare ? field : JSONString.quoted(field))
        }
        return "{" + members.joined(separator: ", ") + "}\n"
    }
}
