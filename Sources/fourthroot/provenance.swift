import Foundation
import HDF5Store

/// The root attributes of every file that the toolkit writes.
func provenance(seed: UInt64?, configuration: [String: String]) throws -> [String: AttributeValue] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    var attributes: [String: AttributeValue] = [
        "format": .string("fourthroot"), "format_version": .integer(1), "producer": .string("fourthroot \(version)"),
        "created": .string(Date.now.formatted(.iso8601)),
        "configuration": .string(String(decoding: try encoder.encode(configuration), as: UTF8.self)),
    ]
    attributes["seed"] = seed.map { .string("\($0)") }
    return attributes
}

extension HDF5Writer {
    func setProvenance(seed: UInt64?, configuration: [String: String]) throws {
        for (name, value) in try provenance(seed: seed, configuration: configuration).sorted(by: { $0.key < $1.key }) {
            try setAttribute(name, to: value)
        }
    }
}
