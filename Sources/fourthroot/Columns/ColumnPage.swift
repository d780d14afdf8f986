import Files

/// The dictionary of columns as a page of the documentation.
struct ColumnPage {
    private let tables: [TableDescription]

    init(_ tables: [TableDescription]) { self.tables = tables }

    var text: String {
        """
        # Columns

        Every column of every table that a command writes. `fourthroot columns --markdown` has written this page;
        `fourthroot columns FILE.csv` explains a file's own columns, and `fourthroot columns COMMAND` those of a command.

        A field that does not apply is empty in CSV and TSV, and null in JSON Lines and Parquet. An infinite number is `inf`, which is text
        in JSON Lines, for JSON has none. New columns come at the end of a table.

        """ + tables.map(section).joined()
    }

    private func section(_ table: TableDescription) -> String {
        """

        ## \(table.command)

        A row is \(table.row).

        | column | type | meaning | empty |
        |---|---|---|---|

        """
            + table.columns.map { column in
                let type = column.kind.rawValue + (column.unit.isEmpty ? "" : ", \(column.unit)")
                return "| `\(column.name)` | \(type) | \(escaped(column.meaning)) | \(escaped(column.empty)) |\n"
            }.joined()
    }

    /// What would end a cell, begin an emphasis or be taken for markup.
    private func escaped(_ text: String) -> String {
        text.map { "|*<_\\".contains($0) ? "\\\($0)" : "\($0)" }.joined()
    }
}
