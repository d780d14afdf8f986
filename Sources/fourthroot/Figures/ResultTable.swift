import ArgumentParser
import Files
import MatrixCore
import MatrixStudy

/// A CSV file with a header, read by column names.
struct ResultTable {
    let path: String
    private let columns: [String: Int]
    /// In the order of the header.
    let header: [String]
    private(set) var rows: [Row] = []

    /// One record. Its accessors throw a `StatusError` that names file, record and column.
    struct Row {
        fileprivate let path: String
        fileprivate let columns: [String: Int]
        fileprivate let fields: [String]
        /// As an editor counts them: the header is record 1.
        fileprivate let number: Int

        /// The name of its file, without folder and extension.
        var file: String { ResultTable.name(path) }

        /// Empty where there is no such column.
        func optionalText(_ column: String) -> String { columns[column].map { fields[$0] } ?? "" }

        func text(_ column: String) throws -> String {
            guard let position = columns[column] else { throw missing(column, in: path, of: Array(columns.keys)) }
            return fields[position]
        }

        /// nil for an empty field.
        func number(_ column: String) throws -> Double? {
            let text = try text(column)
            if text.isEmpty { return nil }
            guard let value = Double(text), value.isFinite else {
                throw error(column, "'\(text)' is not a finite number")
            }
            return value
        }

        /// nil where there is no such column, too.
        func optionalNumber(_ column: String) throws -> Double? { columns[column] == nil ? nil : try number(column) }

        func requiredNumber(_ column: String) throws -> Double {
            guard let value = try number(column) else { throw error(column, "it is empty") }
            return value
        }

        func positiveNumber(_ column: String) throws -> Double {
            let value = try requiredNumber(column)
            guard value > 0 else { throw error(column, "\(value) is not positive") }
            return value
        }

        private func error(_ column: String, _ problem: String) -> StatusError {
            StatusError(status: .wrongData, description: "\(path): record \(number), column '\(column)': \(problem)")
        }
    }

    /// - Throws: `TextFileError`; `StatusError` where it is no CSV, has no rows or a row has other fields than the header.
    init(path name: String) throws { try self.init(readText(name), path: name == "-" ? "standard input" : name) }

    /// - Parameter path: how messages call it.
    /// - Throws: `StatusError`, as for a file.
    init(_ text: String, path: String) throws {
        self.path = path
        let records: [[String]]
        do {
            records = try CSV.parse(text)
        } catch {
            throw StatusError(status: .wrongData, description: "\(path): \(error)")
        }
        guard let header = records.first, header != [""] else {
            throw StatusError(status: .wrongData, description: "\(path): it is empty")
        }
        self.header = header
        columns = try Dictionary(header.enumerated().map { ($1, $0) }) { first, _ in
            throw StatusError(status: .wrongData, description: "\(path): the column '\(header[first])' occurs twice")
        }
        for (position, fields) in records.enumerated().dropFirst() where fields != [""] {
            guard fields.count == header.count else {
                throw StatusError(
                    status: .wrongData,
                    description: "\(path): record \(position + 1): \(fields.count) fields where the header has \(header.count)")
            }
            rows.append(Row(path: path, columns: columns, fields: fields, number: position + 1))
        }
        if rows.isEmpty { throw error("it has no rows") }
    }

    /// The rows of several files of one kind.
    init(joining tables: [ResultTable]) {
        precondition(!tables.isEmpty)
        path = tables.map(\.path).joined(separator: ", ")
        // What all of them have.
        header = tables[0].header.filter { name in tables.allSatisfy { $0.columns[name] != nil } }
        columns = Dictionary(uniqueKeysWithValues: header.enumerated().map { ($1, $0) })
        rows = tables.flatMap(\.rows)
    }

    /// The names of the files that its rows are from.
    var files: [String] { rows.map(\.file).distinct }

    private static func name(_ path: String) -> String {
        let last = path.split(separator: "/").last.map { String($0) } ?? path
        return last.hasSuffix(".csv") ? String(last.dropLast(4)) : last
    }

    func has(_ names: String...) -> Bool { names.allSatisfy { columns[$0] != nil } }

    /// The different texts of a column that are not empty.
    func values(_ column: String) -> Set<String> { Set(rows.map { $0.optionalText(column) }.filter { !$0.isEmpty }) }

    /// The rows of the matrices that match one of the globs; all rows for none.
    func selecting(matrices globs: [String]) throws -> ResultTable {
        if globs.isEmpty { return self }
        guard has("matrix") else { throw missing("matrix", in: path, of: Array(columns.keys)) }
        var result = self
        let names = Set(rows.map { ExactName($0.optionalText("matrix")) })
        let taken = globs.reduce(into: Set<ExactName>()) {
            $0.formUnion(Glob($1).taken(of: names.map(\.text)).map { ExactName($0) })
        }
        result.rows = rows.filter { taken.contains(ExactName($0.optionalText("matrix"))) }
        if result.rows.isEmpty {
            throw StatusError(
                status: .noInput,
                description: "\(path): no matrix matches --matrix \(globs.joined(separator: " ")): "
                    + "\(Glob(globs[0]).hint(among: names.map(\.text).sorted()))the column matrix has their names")
        }
        return result
    }

    /// The rows whose columns have one of the values asked for.
    ///
    /// - Throws: `StatusError` where there is no such column or no row is left.
    func selecting(_ conditions: [ColumnCondition]) throws -> ResultTable {
        var result = self
        for condition in conditions {
            guard has(condition.column) else { throw missing(condition.column, in: path, of: header) }
            result.rows.removeAll { !condition.values.contains($0.optionalText(condition.column)) }
        }
        if result.rows.isEmpty {
            let asked = conditions.map { "--where \($0.column)=\($0.values.joined(separator: ","))" }.joined(separator: " ")
            throw StatusError(status: .noInput, description: "\(path): no row is one of \(asked)")
        }
        return result
    }

    func error(_ problem: String) -> StatusError {
        StatusError(status: .wrongData, description: "\(path): \(problem)")
    }
}

/// The values of a column whose rows are wanted.
struct ColumnCondition: ExpressibleByArgument {
    let column: String
    let values: [String]

    /// As in `bits=4,8`.
    init?(argument: String) {
        guard let sign = argument.firstIndex(of: "="), sign > argument.startIndex else { return nil }
        column = String(argument[..<sign])
        values = argument[argument.index(after: sign)...].split(separator: ",", omittingEmptySubsequences: false).map {
            String($0)
        }
    }
}

private func missing(_ column: String, in path: String, of columns: [String]) -> StatusError {
    StatusError(
        status: .wrongData, description: "\(path): the column \(unknownName(column, choices: columns.sorted()))")
}
