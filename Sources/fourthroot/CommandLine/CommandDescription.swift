import ArgumentParser
import Foundation

/// A command with its arguments as the parser describes it: the one table from which messages about a command line are made.
struct CommandDescription: Decodable {
    let commandName: String
    let shouldDisplay: Bool
    let subcommands: [CommandDescription]?
    let arguments: [Argument]?

    struct Argument: Decodable {
        /// `option`, `flag` or `positional`.
        let kind: String
        let shouldDisplay: Bool
        let isOptional: Bool
        let isRepeating: Bool
        let names: [Name]?
        let preferredName: Name?
        let valueName: String?
        /// The words that it takes; nil where it takes others.
        let allValues: [String]?
        let completionKind: CompletionWords?
        let defaultValue: String?
        let abstract: String?
        /// That of the group of options that it belongs to.
        let sectionTitle: String?
    }

    /// Words that the shell offers, where it offers some.
    struct CompletionWords: Decodable {
        let list: List?

        struct List: Decodable { let values: [String] }
    }

    struct Name: Decodable {
        let kind: String
        let name: String

        var spelling: String { (kind == "long" ? "--" : "-") + name }
    }

    /// The command with all below it.
    ///
    /// - Throws: `DecodingError` where the parser has come to describe commands otherwise.
    init(_ command: any ParsableCommand.Type) throws {
        self = try JSONDecoder().decode(Tool.self, from: Data(command._dumpHelp().utf8)).command
    }

    /// The program with the command that a line names and all below it; with all commands where it names none.
    ///
    /// - Parameter arguments: without the program's name.
    /// - Throws: `DecodingError` where the parser has come to describe commands otherwise.
    init(programFor arguments: [String]) throws {
        let word = arguments.first == "help" ? arguments.dropFirst().first : arguments.first
        if let named = FourthRoot.configuration.subcommands.first(where: { $0._commandName == word }) {
            self.init(commandName: FourthRoot._commandName, subcommands: [try CommandDescription(named)])
        } else {
            try self.init(FourthRoot.self)
        }
    }

    private init(commandName: String, subcommands: [CommandDescription]) {
        self.commandName = commandName
        shouldDisplay = true
        self.subcommands = subcommands
        arguments = nil
    }

    private struct Tool: Decodable { let command: CommandDescription }

    /// The option or flag that an argument names, by itself or before its `=`.
    func argument(named argument: String) -> Argument? {
        let spelling = String(argument.prefix { $0 != "=" })
        return arguments?.first { $0.names?.contains { $0.spelling == spelling } ?? false }
    }

    /// The flag that says the opposite of `--name`, which the parser describes on its own.
    func opposite(ofFlag name: String) -> Argument? { argument(named: "--no-\(name)") }

    /// The name under which an option or flag is one with its opposite: `decay-all` for `--no-decay-all`.
    func commonName(of argument: Argument) -> String? {
        guard let name = argument.preferredName?.name else { return nil }
        let positive = name.hasPrefix("no-") ? String(name.dropFirst(3)) : name
        return self.argument(named: "--\(positive)") == nil ? name : positive
    }
}

extension CommandDescription.Argument {
    /// The name that messages call it by.
    var title: String { preferredName?.spelling ?? "<\(valueName ?? "")>" }

    /// What it takes, in words.
    var choices: String {
        guard let allValues, !allValues.isEmpty else { return abstract ?? "" }
        return "choose from \(allValues.joined(separator: ", "))"
    }
}
