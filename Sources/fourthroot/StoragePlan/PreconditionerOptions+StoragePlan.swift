import ArgumentParser
import Files
import MatrixCore
import MatrixStudy
import Optimizers
import Preconditioning

extension PreconditionerOptions {
    /// The choice with the schemes of a plan.
    ///
    /// - Throws: `StatusError` of status `wrongData` that begins with the entry's line, without the file's name; of status `usage`
    ///   for an option that the plan leaves without effect.
    func applying(
        _ plan: StoragePlan, to choice: Choice, parameters: [String], keepsUncodedStatistics: Bool,
        _ adjust: (inout PreconditionerDefaults) throws -> Void
    ) throws -> Choice {
        var schemes: [String: PreconditionerScheme] = [:]
        for entry in plan.entries {
            let matching = Glob(entry.parameter).taken(of: parameters)
            let own = matching.filter { schemes[$0] == nil }
            if matching.isEmpty {
                throw entry.error(
                    "no parameter with preconditioners is '\(entry.parameter)'; there are \(parameters.joined(separator: ", "))"
                )
            }
            if own.isEmpty { throw entry.error("'\(entry.parameter)': entries before it hold for all that it matches") }
            let scheme = try scheme(of: entry, by: choice.name, keepsUncodedStatistics, adjust)
            for name in own { schemes[name] = scheme }
        }
        let interval = try withoutStorages(choice.name).choice(adjust)?.settings.schedule.rootInterval
        let settings = try choice.settings.with(schemes, of: parameters, rootInterval: interval)
        try [
            OptionRule(
                "root-interval", rootInterval != nil, appliesIf: settings.schedule.rootInterval != nil,
                needs: "a root of its own; all roots of the plan are their statistics', renewed with them")
        ].check()
        return (choice.name, settings)
    }

    private func scheme(
        of entry: StoragePlan.Entry, by name: PreconditionerName, _ keepsUncodedStatistics: Bool,
        _ adjust: (inout PreconditionerDefaults) throws -> Void
    ) throws -> PreconditionerScheme {
        var options = withoutStorages(name)
        // The steps of roots are one for all parameters.
        options.rootInterval = nil
        for setting in entry.settings {
            guard let key = PreconditionerOptions.storageKeys.first(where: { $0.name == setting.name }) else {
                let names = PreconditionerOptions.storageKeys.map(\.name)
                throw entry.error("the key \(unknownName(setting.name, choices: ["parameter"] + names + ["expected"]))")
            }
            guard key.set(&options, setting.value) else {
                let words = key.words.isEmpty ? "give a number" : unknownName(setting.value, choices: key.words)
                throw entry.error("\(setting.name) \(key.words.isEmpty ? "'\(setting.value)': " : "")\(words)")
            }
        }
        do {
            guard let choice = try options.choice(keepsUncodedStatistics: keepsUncodedStatistics, adjust) else {
                preconditionFailure("no preconditioner of the method \(name)")
            }
            return choice.settings.scheme
        } catch let error as StatusError {
            throw entry.error(error.description)
        }
    }

    /// The same method's without any word about storages.
    private func withoutStorages(_ name: PreconditionerName) -> PreconditionerOptions {
        var result = self
        result.preconditioner = .method(name)
        for key in PreconditionerOptions.storageKeys { key.clear(&result) }
        return result
    }

    /// What an entry of a plan may say: the options that are about one storage, by their names.
    private static let storageKeys: [StorageKey] = [
        StorageKey("statistic", \.statistic), StorageKey("root", \.root), StorageKey("codebook", \.codebook),
        StorageKey("bits", \.bits), StorageKey("block", \.block), StorageKey("root-codebook", \.rootCodebook),
        StorageKey("root-bits", \.rootBits), StorageKey("root-block", \.rootBlock), StorageKey("nre", \.nre),
        StorageKey("bits-per-entry", \.bitsPerEntry), StorageKey("leak", \.leak),
        StorageKey("reflector-loop", \.reflectorLoop), StorageKey("update-decomposition", \.updateDecomposition),
        StorageKey("subspace-steps", \.subspaceSteps),
        StorageKey("rectify-update", \.rectifyUpdate), StorageKey("rectify-root", \.rectifyRoot),
        StorageKey("solver", \.solver),
        StorageKey("error-feedback-decay", \.errorFeedbackDecay), StorageKey("shift", \.shift),
    ]
}

/// An option that an entry of a plan may give.
private struct StorageKey: Sendable {
    let name: String
    /// Those that it takes; empty where it takes numbers.
    let words: [String]
    /// Returns whether the text is a value of the option.
    let set: @Sendable (inout PreconditionerOptions, String) -> Bool
    let clear: @Sendable (inout PreconditionerOptions) -> Void

    init<Value: ExpressibleByArgument>(
        _ name: String, _ option: WritableKeyPath<PreconditionerOptions, Value?> & Sendable
    ) {
        self.name = name
        words = Value.allValueStrings
        set = { options, text in
            guard let value = Value(argument: text) else { return false }
            options[keyPath: option] = value
            return true
        }
        clear = { $0[keyPath: option] = nil }
    }
}

extension StoragePlan.Entry {
    fileprivate func error(_ problem: String) -> StatusError {
        StatusError(status: .wrongData, description: place.isEmpty ? problem : "\(place): \(problem)")
    }
}
