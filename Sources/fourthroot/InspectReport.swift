import HDF5Store
import MatrixCore
import MatrixSources

/// The JSON form of `inspect`.
struct InspectReport {
    private let contents: SourceContents

    init(_ contents: SourceContents) { self.contents = contents }

    /// - Throws: `SourceError` where an attribute cannot be read.
    func json() throws -> JSONText {
        let source = contents.source
        // References of many sets to one text would make a small file a long report.
        var room = max(1 << 24, source.fileBytes)
        let datasets = try source.entries.map { entry in
            let values = entry.failure == nil ? try source.attributes(of: entry.name) : [:]
            let bytes = values.sorted.reduce(0) { $0 + $1.value.textBytes }
            room -= bytes
            return self.dataset(entry, room < 0 ? ["…": .other("left out, the attributes are longer than the file")] : values)
        }
        return .object([
            ("attributes", members(try source.attributes(of: ""))),
            ("datasets", .array(datasets)),
            ("file", .string(source.path)),
            (
                "unreached_links",
                .array(
                    source.unreached.map {
                        .object([("name", .string($0.name)), ("problem", .string($0.error.problem))])
                    })
            ),
        ])
    }

    private func dataset(_ entry: MatrixEntry, _ attributes: Attributes) -> JSONText {
        let problem = entry.failure?.problem ?? contents.problem(of: entry)
        let members: [(name: String, value: JSONText)] = [
            ("attributes", self.members(attributes)),
            ("filters", .array(entry.filters.map { .string($0) })),
            ("is_matrix", .boolean(entry.isSquareMatrix && problem == nil)),
            ("name", .string(entry.name)),
            ("other_paths", .array(contents.otherPaths(of: entry).map { .string($0) })),
            ("shape", .array(entry.shape.map { .number("\($0)") })),
            ("stored_bytes", .number("\(entry.storedBytes)")),
            ("studied", .boolean(contents.studied.contains(ExactName(entry.name)))),
            ("type", .string("\(entry.type)")),
        ]
        return .object(members + (problem.map { [("problem", .string($0))] } ?? []))
    }

    private func members(_ attributes: Attributes) -> JSONText {
        .object(attributes.sorted.map { ($0.name, value(of: $0.value)) })
    }

    private func value(of attribute: AttributeValue) -> JSONText {
        switch attribute {
        case .string(let text), .other(let text): .string(text)
        case .integer(let number): .number("\(number)")
        case .number(let number): JSONText(number)
        case .strings(let texts): .array(texts.map { .string($0) })
        case .integers(let numbers): .array(numbers.map { .number("\($0)") })
        case .numbers(let numbers): .array(numbers.map { JSONText($0) })
        }
    }
}

extension AttributeValue {
    /// About what it takes as text.
    fileprivate var textBytes: Int {
        switch self {
        case .string(let text), .other(let text): text.utf8.count
        case .strings(let texts): texts.reduce(0) { $0 + $1.utf8.count }
        case .integers(let numbers): 16 * numbers.count
        case .numbers(let numbers): 16 * numbers.count
        case .integer, .number: 16
        }
    }
}
