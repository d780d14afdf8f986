import Foundation
import Optimizers

/// What decides the numbers of a training, by name: compared on resuming and kept in dumps.
struct TrainConfiguration {
    private(set) var values: [String: String] = [:]

    mutating func set(_ name: String, _ value: (some CustomStringConvertible)?) {
        values[name] = value.map { "\($0)" }
    }

    /// The properties of a rule, each under its path.
    mutating func set(_ name: String, properties rule: some OptimizerRule) throws {
        let data = try JSONEncoder().encode(rule)
        flatten(try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed), name)
        // For dumps, which a run may begin or leave off at any time.
        values["\(name).scheme.keepsUncodedStatistic"] = nil
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
