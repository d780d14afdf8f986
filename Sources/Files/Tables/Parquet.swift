import Foundation

/// A table that could not become a Parquet file.
public struct ParquetError: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String
}

/// Parquet files, by Apache Arrow's Python package.
///
/// The C++ library is 60 MB with what it needs and is in neither Debian 12 nor Ubuntu 24.04; whoever reads Parquet has the
/// package, or gets it in one command.
public enum Parquet {
    private static let script = """
        import csv, io, json, sys
        import pyarrow, pyarrow.parquet

        if len(sys.argv) > 1:
            csv.field_size_limit(sys.maxsize)
            text = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", newline="")
            rows = list(csv.reader(text))[1:]
            kinds = {"text": (str, pyarrow.string()), "integer": (int, pyarrow.int64()), "number": (float, pyarrow.float64())}
            names, arrays = [], []
            for position, (name, kind) in enumerate(json.loads(sys.argv[1])):
                convert, type = kinds[kind]
                values = [convert(row[position]) if row[position] else None for row in rows]
                # A seed may have 64 bits.
                if kind == "integer" and any(value is not None and value >= 2**63 for value in values):
                    type = pyarrow.uint64()
                names.append(name)
                arrays.append(pyarrow.array(values, type))
            file = io.BytesIO()
            pyarrow.parquet.write_table(pyarrow.table(arrays, names=names), file)
            sys.stdout.buffer.write(file.getvalue())
        """

    /// The Python that has the package: the one that FOURTHROOT_PYTHON names, else the first of the search path.
    private static var python: String {
        let named = ProcessInfo.processInfo.environment["FOURTHROOT_PYTHON"] ?? ""
        return named.isEmpty ? "python3" : named
    }

    /// Fails before anything is computed where no file could be made.
    ///
    /// - Throws: `ParquetError`.
    public static func requireConverter() throws(ParquetError) { _ = try run([], Data()) }

    static func file(ofCSV text: Data, _ columns: [Column]) throws(ParquetError) -> Data {
        let kinds = columns.map { "[\(JSONString.quoted($0.name)), \(JSONString.quoted($0.kind.rawValue))]" }
        return try run(["[\(kinds.joined(separator: ", "))]"], text)
    }

    private static func run(_ arguments: [String], _ input: Data) throws(ParquetError) -> Data {
        let end: ChildProgram.End
        do {
            end = try ChildProgram.run([python, "-c", script] + arguments, input: input)
        } catch {
            throw ParquetError(description: "Parquet cannot be written: \(error)")
        }
        if end.status == 0 { return end.output }
        let said = end.messages.split(whereSeparator: \.isNewline).last.map { String($0) } ?? "status \(end.status)"
        let remedy =
            end.status == 127 || said.contains("ModuleNotFoundError")
            ? "; install Arrow's Python package (python3 -m pip install pyarrow), name a Python that has it in "
                + "FOURTHROOT_PYTHON, or choose --format csv"
            : ""
        throw ParquetError(description: "Parquet cannot be written: \(said)\(remedy)")
    }
}
