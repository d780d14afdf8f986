import ArgumentParser

/// Refuses an option of one value that is given twice with different ones: the parser would keep the last without a word.
///
/// - Throws: `StatusError` of status `usage`.
func refuseRepeatedOptions(_ arguments: [String], of command: any ParsableCommand.Type) throws {
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
