import Files
import MatrixStudy

/// A table that a command writes: what one row of it is, and its columns.
struct TableDescription: Sendable {
    /// The command, with what of its options makes this table.
    let command: String
    /// What a row is.
    let row: String
    let columns: [Column]

    init(_ command: String, row: String, _ columns: [Column]) {
        self.command = command
        self.row = row
        self.columns = columns
    }

    /// Columns by their names, as explained for this table, else as for all that have it.
    init(_ command: String, row: String, names: [String], own: [Column] = []) {
        self.init(command, row: row, names.map { TableDescription.column($0, own) })
    }

    /// The column of a name: one that stands for several, as `nre:<group>`, for each of them.
    func column(named name: String) -> Column? {
        columns.first { $0.name == name } ?? columns.first { $0.isFamily && name.hasPrefix($0.prefix) }
    }

    /// A name that no list explains is a text of no known meaning; the tests do not let one be.
    private static func column(_ name: String, _ own: [Column]) -> Column {
        (own + sharedColumns).first { $0.name == name } ?? Column(name, .text, "")
    }
}

extension Column {
    /// Whether it stands for a column a group.
    fileprivate var isFamily: Bool { name.hasSuffix(":<group>") }
    fileprivate var prefix: Substring { name.dropLast("<group>".count) }
}

extension TableDescription {
    /// Every table of every command. A new one is a line here, and its columns in a list.
    static let all: [TableDescription] = [
        study, studyShard, recode, spectrum, orthogonality, theory, codebook, codebookCurve, trainingLog, memory,
        benchmarkStudy,
        benchmarkCodec, benchmarkOptimizer, benchmarkTrain, columns,
    ]

    /// Of the columns of a file, the table that explains most.
    static func best(for header: [String]) -> TableDescription? {
        let counts = all.map { table in (table: table, count: header.count { table.column(named: $0) != nil }) }
        // The first of several: a later one has more columns that the file lacks.
        let most = counts.map(\.count).max() ?? 0
        return most == 0 ? nil : counts.first { $0.count == most }?.table
    }
}
