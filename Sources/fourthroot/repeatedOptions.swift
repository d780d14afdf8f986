import ArgumentParser
import Foundation

/// Refuses an option of one value that is given twice with different ones: the parser would keep the last without a word.
///
/// What a command's options are, and which of them collect values, is the parser's own description of it.
///
/// - Throws: `StatusError` of status `usage`.
func refuseRepeatedOptions(_ arguments: [String], of command: any ParsableCommand.Type) throws {
    let description = try JSONDecoder().decode(CommandDescription.self, from: Data(command._dumpHelp().utf8))
    var canonicalNames: [String: String] = [:]
    for option in description.command.arguments ?? [] where option.kind == "option" && !option.isRepeating {
        let names = option.names ?? []
        for name in names { canonicalNames[name.spelling] = names.last?.spelling }
    }
    var values: [String: String] = [:]
    var index = 0
    while index < arguments.count, arguments[index] != "--" {
        let argument = arguments[index]
        index += 1
        guard argument.hasPrefix("-"), let name = canonicalNames[optionName(argument)] else { continue }
        let hasOwnValue = argument.contains("=")
        let value = hasOwnValue ? String(argument[argument.firstIndex(of: "=")!...].dropFirst()) : arguments[index]
        if !hasOwnValue { index += 1 }
        if let previous = values.updateValue(value, forKey: name), previous != value {
            throw StatusError.usage("\(name) is given twice, as '\(previous)' and as '\(value)'; give it once")
        }
    }
}

/// What stands before the "=" of an argument.
private func optionName(_ argument: String) -> String { String(argument.prefix { $0 != "=" }) }

/// The part of the parser's description that is needed here.
private struct CommandDescription: Decodable {
    struct Command: Decodable {
        let arguments: [Argument]?
    }

    struct Argument: Decodable {
        let kind: String
        let isRepeating: Bool
        let names: [Name]?
    }

    struct Name: Decodable {
        let kind: String
        let name: String

        var spelling: String { (kind == "long" ? "--" : "-") + name }
    }

    let command: Command
}
