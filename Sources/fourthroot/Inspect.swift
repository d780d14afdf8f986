import ArgumentParser
import Files
import Foundation
import HDF5Store
import MatrixStudy

/// What an HDF5 file holds, and which of it can be studied.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the data sets of an HDF5 file.")

    @Argument(help: "HDF5 file.")
    var file: String

    @Flag(help: "As JSON.")
    var json = false

    func run() throws {
        try Probe.requireSound(file)
        let opened = try HDF5File.open(file)
        let datasets = try opened.datasets()
        let attributes = try opened.attributes()
        if json {
            let report = Report(
                file: file, attributes: attributes.mapValues(JSONValue.init),
                datasets: try datasets.map { dataset in
                    Report.Dataset(
                        dataset, attributes: dataset.failure == nil ? try opened.attributes(of: dataset.name) : [:])
                })
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try OutputFile.writeToStandardOutput(String(decoding: encoder.encode(report), as: UTF8.self) + "\n")
        } else {
            var lines = attributes.sorted { $0.key < $1.key }.map { "@\($0.key) = \(text(of: $0.value))" }
            lines += datasets.map(line)
            let matrices = datasets.filter(\.isSquareMatrix).count
            lines.append("\(datasets.count) data sets, \(matrices) of them square matrices that 'fourthroot study' reads")
            try OutputFile.writeToStandardOutput(lines.map { $0 + "\n" }.joined())
        }
    }

    private func line(for dataset: DatasetDescription) -> String {
        if let failure = dataset.failure { return "\(dataset.name): \(failure.problem)" }
        let shape = dataset.shape.isEmpty ? "scalar" : dataset.shape.map { "\($0)" }.joined(separator: " × ")
        let filters = dataset.filters.isEmpty ? "" : ", \(dataset.filters.joined(separator: " + "))"
        let use = dataset.isSquareMatrix ? "" : " (not a matrix)"
        return "\(dataset.name): \(dataset.elementType), \(shape), \(dataset.storedBytes) bytes\(filters)\(use)"
    }
}

/// The JSON form of `inspect`.
private struct Report: Encodable {
    struct Dataset: Encodable {
        let name: String
        let type: String
        let shape: [Int]
        let storedBytes: Int
        let filters: [String]
        let isMatrix: Bool
        let attributes: [String: JSONValue]
        let problem: String?

        init(_ description: DatasetDescription, attributes: [String: AttributeValue]) {
            name = description.name
            type = "\(description.elementType)"
            shape = description.shape
            storedBytes = description.storedBytes
            filters = description.filters
            isMatrix = description.isSquareMatrix
            self.attributes = attributes.mapValues(JSONValue.init)
            problem = description.failure?.problem
        }

        enum CodingKeys: String, CodingKey {
            case name, type, shape, filters, attributes, problem
            case storedBytes = "stored_bytes"
            case isMatrix = "is_matrix"
        }
    }

    let file: String
    let attributes: [String: JSONValue]
    let datasets: [Dataset]
}

/// An attribute as JSON.
private struct JSONValue: Encodable {
    let value: AttributeValue

    init(_ value: AttributeValue) { self.value = value }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch value {
        case .string(let text): try container.encode(text)
        case .integer(let number): try container.encode(number)
        case .strings(let texts): try container.encode(texts)
        case .integers(let numbers): try container.encode(numbers)
        // JSON has no NaN or infinity: those become text.
        case .number(let number): if number.isFinite { try container.encode(number) } else { try container.encode("\(number)") }
        case .numbers(let numbers):
            if numbers.allSatisfy(\.isFinite) {
                try container.encode(numbers)
            } else {
                try container.encode(numbers.map { "\($0)" })
            }
        case .other(let text): try container.encode(text)
        }
    }
}

private func text(of value: AttributeValue) -> String {
    switch value {
    case .string(let text), .other(let text): text
    case .integer(let number): "\(number)"
    case .number(let number): "\(number)"
    case .strings(let texts): "\(texts)"
    case .integers(let numbers): "\(numbers)"
    case .numbers(let numbers): "\(numbers)"
    }
}
