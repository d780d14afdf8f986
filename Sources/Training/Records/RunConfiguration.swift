import Files
import Foundation
import HDF5Store
import Optimizers

/// What decides the numbers of a run, by the names of the options, with the defaults in the place of what was not given: kept in
/// dumps and checkpoints, and compared where a run goes on.
public struct RunConfiguration: Sendable {
    public private(set) var values: [String: ConfigurationValue]
    /// The properties of the optimizer by their paths, as versions wrote them that kept all settings as texts.
    private let formerOptimizer: [String: String]

    /// Kept, and free to be another where a run goes on.
    private static let incidental: Set<String> = ["data", "recipe", "recipe-differences"]
    /// What a file does not say that former versions wrote.
    private let formerly: [String: ConfigurationValue]
    /// Of versions that had no choice, or did not write what is usual.
    private static let formerly: [String: ConfigurationValue] = ["clip": 0, "decay-all": true, "precision": "float32"]

    public init(_ values: [String: ConfigurationValue]) {
        self.values = values
        formerOptimizer = [:]
        formerly = [:]
    }

    /// - Parameters:
    ///   - rule: the optimizer, to compare with files of former versions.
    ///   - sizeDefaults: of the network, likewise.
    public init(
        _ values: [String: ConfigurationValue], rule: some OptimizerRule, sizeDefaults: [String: ConfigurationValue]
    ) throws {
        self.values = values
        let data = try JSONEncoder().encode(rule)
        var former: [String: String] = [:]
        flatten(try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed), "optimizer", into: &former)
        // For dumps, which a run may begin or leave off at any time.
        former["optimizer.scheme.keepsUncodedStatistic"] = nil
        formerOptimizer = former
        formerly = RunConfiguration.formerly.merging(sizeDefaults) { first, _ in first }
    }

    /// The settings of the run that wrote a file; nil where the file does not say.
    ///
    /// - Throws: `HDF5Error`.
    public static func stored(in file: HDF5File) throws -> [String: ConfigurationValue]? {
        try file.attribute("configuration")?.string.flatMap { try? configurationValues($0) }
    }

    /// The settings of this run that are other than those of the run that wrote a file, in words.
    public func differences(from found: [String: ConfigurationValue]) -> [String] {
        if RunConfiguration.isFormer(found) { return differences(fromFormer: found) }
        // Both as JSON has them: 5.0 is 5.
        let current = (try? configurationValues(configurationText(values))) ?? values
        return Set(found.keys).union(current.keys).sorted().compactMap { name in
            if RunConfiguration.mayDiffer(name, found[name] == nil || current[name] == nil) { return nil }
            return found[name] == current[name] ? nil : difference(name, found[name], current[name])
        }
    }

    /// Of versions that kept texts alone, and of the sizes and rates only those that were given.
    private static func isFormer(_ found: [String: ConfigurationValue]) -> Bool {
        found["command"] == nil
            && found.values.allSatisfy { value in
                if case .text = value { true } else { false }
            }
    }

    private func differences(fromFormer found: [String: ConfigurationValue]) -> [String] {
        var (current, found) = (values, found)
        // They kept the content of the data under this name, and not where it lay.
        found["data-fingerprint"] = found.removeValue(forKey: "data")
        for (path, text) in formerOptimizer { current[path] = .text(text) }
        return found.merging(formerly) { first, _ in first }.sorted { $0.key < $1.key }.compactMap { name, value in
            if RunConfiguration.mayDiffer(name, current[name] == nil) { return nil }
            let (before, now) = (value.description, current[name]?.description ?? "")
            let areEqual = before == now || (Double(before).map { $0 == Double(now) } ?? false)
            return areEqual ? nil : difference(name, value, current[name])
        }
    }

    /// - Parameter isOneSided: whether only one of the runs has it.
    private static func mayDiffer(_ name: String, _ isOneSided: Bool) -> Bool {
        // Threads are the processor's: of a run that goes on on another device one side has none.
        incidental.contains(name) || (name == "threads" && isOneSided)
    }

    private func difference(_ name: String, _ found: ConfigurationValue?, _ current: ConfigurationValue?) -> String {
        "\(name) was \(found?.description ?? "not given") and is \(current?.description ?? "not given")"
    }
}

private func flatten(_ object: Any, _ path: String, into values: inout [String: String]) {
    if let members = object as? [String: Any] {
        for (name, member) in members { flatten(member, "\(path).\(name)", into: &values) }
    } else if let elements = object as? [Any] {
        for (index, element) in elements.enumerated() { flatten(element, "\(path).\(index)", into: &values) }
    } else {
        values[path] = "\(object)"
    }
}
