import Files

/// A CSV file of the program as a report holds it.
struct ReportTable {
    /// What the table is of, by its header; the report's scripts know these words.
    enum Kind: String {
        case study, spectrum, orthogonality, recode, log, other

        init(_ table: ResultTable) {
            self =
                if table.has("singular_value") { .spectrum } else if table.has("mean_error", "steps") {
                    .orthogonality
                } else if table.has("update", "statistic_nre") {
                    .recode
                } else if table.has("nre", "statistic", "root", "statistic_bytes", "root_bytes", "order") {
                    .study
                } else if table.has("step", "loss") { .log } else { .other }
        }
    }

    let table: ResultTable
    let kind: Kind
    let byteCount: Int
    let hash: String

    /// - Throws: `TextFileError`, `StatusError`.
    init(path: String) throws {
        try self.init(
            readText(path, largestSize: ReportTable.largestSize), name: path == "-" ? "standard input" : path)
    }

    /// - Throws: `StatusError` where the text is no table, and for a number of a study that is none.
    init(_ text: String, name: String) throws {
        table = try ResultTable(text, path: name)
        kind = Kind(table)
        byteCount = text.utf8.count
        hash = contentHash(text)
        // A page would leave out what it cannot draw; a damaged table is said here.
        if kind == .study { for row in table.rows { _ = try StudyPoint(row) } }
    }

    /// A page of more is slow in every browser.
    private static let largestSize = 1 << 26

    var json: JSONText {
        .object([
            ("name", .string(table.path)), ("kind", .string(kind.rawValue)), ("bytes", .number("\(byteCount)")),
            ("hash", .string(hash)), ("explanations", explanations), ("columns", .array(table.header.map { .string($0) })),
            ("rows", .array(table.rows.map { row in .array(table.header.map { .string(row.optionalText($0)) }) })),
        ])
    }

    /// What the columns say.
    private var explanations: JSONText {
        guard let description = TableDescription.best(for: table.header) else { return .object([]) }
        return .object(
            table.header.compactMap { name in description.column(named: name).map { (name, .string($0.explanation)) } })
    }
}
