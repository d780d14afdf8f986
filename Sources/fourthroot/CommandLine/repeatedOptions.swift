import ArgumentParser

/// Refuses an option of one value that is given twice with different ones: the parser would keep the last without a word.
///
/// - Throws: `StatusError` of status `usage`.
func refuseRepeatedOptions(_ arguments: [String], of command: any ParsableCommand.Type) throws {
    // The parser's description takes longer to make than most commands take.
    guard mayRepeatAnOption(arguments) else { return }
    let description = try CommandDescription(command)
    var values: [String: String] = [:]
    var index = 0
    while index < arguments.count, arguments[index] != "--" {
        let argument = arguments[index]
        index += 1
        guard argument.hasPrefix("-"), let option = description.argument(named: argument), option.kind == "option",
            !option.isRepeating
        else { continue }
        let hasOwnValue = argument.contains("=")
        let value = hasOwnValue ? String(argument[argument.firstIndex(of: "=")!...].dropFirst()) : arguments[index]
        if !hasOwnValue { index += 1 }
        if let previous = values.updateValue(value, forKey: option.title), previous != value {
            throw StatusError.usage("\(option.title) is given twice, as '\(previous)' and as '\(value)'; give it once")
        }
    }
}

/// The names that options have beside their own, by which one may be given twice.
private let otherNames = [
    "-o": "--output", "--lr": "--learning-rate", "--wd": "--weight-decay", "--condition": "--condition-number",
    "--moment-bits": "--first-order-bits",
]

/// Whether anything that may name an option is there twice; values that begin with a dash are taken for names.
private func mayRepeatAnOption(_ arguments: [String]) -> Bool {
    var names: Set<String> = []
    return arguments.filter { $0.hasPrefix("-") }.contains { argument in
        let name = String(argument.prefix { $0 != "=" })
        return !names.insert(otherNames[name] ?? name).inserted
    }
}
