import HDF5Store
import MatrixCore

/// The JSON form of `inspect`.
struct InspectReport {
    private let file: HDF5File
    private let contents: FileContents

    init(_ file: HDF5File, _ contents: FileContents) {
        self.file = file
        self.contents = contents
    }

    /// - Throws: `HDF5Error` where an attribute cannot be read.
    func json() throws -> JSONText {
        // References of many sets to one text would make a small file a long report.
        var room = max(1 << 24, file.fileBytes)
        let datasets = try contents.datasets.map { dataset in
            let values = dataset.failure == nil ? try file.attributes(of: dataset.name) : [:]
            let bytes = values.sorted.reduce(0) { $0 + $1.value.textBytes }
            room -= bytes
            return self.dataset(dataset, room < 0 ? ["…": .other("left out, the attributes are longer than the file")] : values)
        }
        return .object([
            ("attributes", members(try file.attributes())),
            ("datasets", .array(datasets)),
            ("file", .string(file.path)),
            (
                "unreached_links",
                .array(
                    contents.unreached.map {
                        .object([("name", .string($0.object ?? "")), ("problem", .string($0.problem))])
                    })
            ),
        ])
    }

    private func dataset(_ dataset: DatasetDescription, _ attributes: Attributes) -> JSONText {
        let problem = dataset.failure?.problem ?? contents.problem(of: dataset)
        let members: [(name: String, value: JSONText)] = [
            ("attributes", self.members(attributes)),
            ("filters", .array(dataset.filters.map { .string($0) })),
            ("is_matrix", .boolean(dataset.isSquareMatrix && problem == nil)),
            ("name", .string(dataset.name)),
            ("other_paths", .array(contents.otherPaths(of: dataset).map { .string($0) })),
            ("shape", .array(dataset.shape.map { .number("\($0)") })),
            ("stored_bytes", .number("\(dataset.storedBytes)")),
            ("studied", .boolean(contents.studied.contains(ExactName(dataset.name)))),
            ("type", .string("\(dataset.elementType)")),
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
