import Foundation
import Optimizers
import Training

/// What decides the numbers of a training, by name: compared on resuming and kept in dumps.
struct TrainConfiguration {
    private(set) var values: [String: String] = [:]

    mutating func set(_ name: String, _ value: (some CustomStringConvertible)?) {
        values[name] = value.map { "\($0)" }
    }

    /// The properties of a value, each under its path.
    mutating func set(_ name: String, properties value: some Encodable) throws {
        let data = try JSONEncoder().encode(value)
        flatten(try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed), name)
    }

    private mutating func flatten(_ object: Any, _ path: String) {
        if let members = object as? [String: Any] {
            for (name, member) in members { flatten(member, "\(path).\(name)") }
        } else if let elements = object as? [Any] {
            for (index, element) in elements.enumerated() { flatten(element, "\(path).\(index)") }
        } else {
            values[path] = "\(object)"
        }
    }
}
