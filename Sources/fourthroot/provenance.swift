import Files
import Foundation
import HDF5Store

/// The root attributes of every file that the toolkit writes.
func provenance(seed: UInt64?, configuration: [String: ConfigurationValue]) throws -> [String: AttributeValue] {
    var attributes: [String: AttributeValue] = [
        "format": .string("fourthroot"), "format_version": .integer(1), "producer": .string("fourthroot \(version)"),
        "created": .string(Date.now.formatted(.iso8601)), "configuration": .string(try configurationText(configuration)),
    ]
    // A seed beyond the integers of attributes stands as a text; the configuration has it as a number.
    attributes["seed"] = seed.map { seed in Int(exactly: seed).map { .integer($0) } ?? .string("\(seed)") }
    return attributes
}

extension HDF5Writer {
    func setProvenance(seed: UInt64?, configuration: [String: ConfigurationValue]) throws {
        for (name, value) in try provenance(seed: seed, configuration: configuration).sorted(by: { $0.key < $1.key }) {
            try setAttribute(name, to: value)
        }
    }
}
