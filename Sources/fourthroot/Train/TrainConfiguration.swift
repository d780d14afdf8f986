import Files
import MatrixStudy
import Optimizers
import Training

/// The settings of a training by the names of its options, with the defaults in the place of what was not given.
struct TrainConfiguration {
    private struct Entry {
        let group: String
        let name: String
        /// nil for an option that is said and not kept: what it stands for is.
        let value: ConfigurationValue?
        /// As an option; nil for what is none.
        let option: String?
    }

    private var entries: [Entry] = []
    private var group = ""
    /// Sizes and rates of the network where none are given.
    var sizeDefaults: [String: ConfigurationValue] = [:]

    /// What follows belongs to this part of the options.
    mutating func begin(_ group: String) { self.group = group }

    /// - Parameter off: the option that says no, where leaving it out does not.
    mutating func set(_ name: String, _ value: Bool?, off: String? = nil) {
        guard let value else { return }
        entries.append(Entry(group: group, name: name, value: .boolean(value), option: value ? "--\(name)" : off))
    }
    mutating func set(_ name: String, _ value: Int?) { set(name, value.map { .integer($0) }) }
    mutating func set(_ name: String, _ value: UInt64) { set(name, ConfigurationValue(value)) }
    mutating func set(_ name: String, _ value: Double?) { set(name, value.map { .number($0) }) }
    mutating func set(_ name: String, _ value: String?) { set(name, value.map { .text($0) }) }

    /// What no option says.
    mutating func record(_ name: String, _ value: ConfigurationValue) {
        entries.append(Entry(group: group, name: name, value: value, option: nil))
    }

    mutating func add(option name: String, _ value: String) {
        entries.append(Entry(group: group, name: name, value: nil, option: "--\(name) \(shellWord(value))"))
    }

    private mutating func set(_ name: String, _ value: ConfigurationValue?) {
        guard let value else { return }
        entries.append(Entry(group: group, name: name, value: value, option: "--\(name) \(shellWord(value.description))"))
    }

    var values: [String: ConfigurationValue] {
        Dictionary(entries.compactMap { entry in entry.value.map { (entry.name, $0) } }) { _, last in last }
    }

    /// For records, and for comparison with those of a run that goes on.
    func run(_ rule: some OptimizerRule) throws -> RunConfiguration {
        try RunConfiguration(values, rule: rule, sizeDefaults: sizeDefaults)
    }

    /// A line a part: the options with which the same run can be had again.
    var lines: [String] {
        entries.grouped(by: \.group).compactMap { group, entries in
            let options = entries.compactMap(\.option)
            return options.isEmpty ? nil : "\(group): \(options.joined(separator: " "))"
        }
    }
}
