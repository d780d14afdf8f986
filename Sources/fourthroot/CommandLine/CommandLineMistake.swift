import MatrixCore

/// What is wrong with a command line that the parser has refused, with what to do: a misspelt name or word with the nearest one
/// that there is. The parser alone decides what is refused.
struct CommandLineMistake {
    /// The command whose arguments are refused, as far as it is known.
    private let command: CommandDescription
    /// Its name with those of the commands above it.
    private let path: String
    private let arguments: [String]
    /// Why the command is not known.
    let unknownCommand: String?

    /// - Parameter arguments: without the program's name.
    init(_ arguments: [String], of root: CommandDescription) {
        var (command, path, rest) = (root, root.commandName, arguments[...])
        var unknown: String?
        if rest.first == "help" { rest.removeFirst() }
        while let word = rest.first, !word.hasPrefix("-"), unknown == nil {
            let subcommands = (command.subcommands ?? []).filter { $0.commandName != "help" }
            if let next = subcommands.first(where: { $0.commandName == word }) {
                (command, path, rest) = (next, "\(path) \(word)", rest.dropFirst())
            } else if subcommands.isEmpty {
                break
            } else {
                let known = subcommands.filter(\.shouldDisplay).map(\.commandName)
                unknown = "the command \(unknownName(word, choices: known))"
            }
        }
        (self.command, self.path, self.arguments, unknownCommand) = (command, path, Array(rest), unknown)
    }

    /// - Parameter refusal: what the parser says.
    func message(_ refusal: String) -> String {
        if let unknownCommand { return unknownCommand }
        var given: Set<String> = []
        var positionals = 0
        var index = 0
        while index < arguments.count {
            let argument = arguments[index]
            index += 1
            if argument == "--" { break }
            guard argument.hasPrefix("-"), argument != "-", Double(argument) == nil else {
                positionals += 1
                continue
            }
            guard let option = command.argument(named: argument) else { return unknownOption(argument) }
            given.insert(option.title)
            guard option.kind == "option" else { continue }
            var value = argument.contains("=") ? String(argument.drop { $0 != "=" }.dropFirst()) : nil
            if value == nil {
                guard index < arguments.count, command.argument(named: arguments[index]) == nil else {
                    return "\(option.title) has no value: \(option.choices)"
                }
                value = arguments[index]
                index += 1
            }
            if let value, let problem = problem(with: value, of: option, refusal) { return problem }
        }
        return missing(given, positionals: positionals) ?? "\(refusal.replacing("\n", with: " ")); see '\(path) --help'"
    }

    private func unknownOption(_ argument: String) -> String {
        let name = String(argument.prefix { $0 != "=" })
        let known = (command.arguments ?? []).filter(\.shouldDisplay).flatMap { $0.names ?? [] }.filter { $0.kind == "long" }
        let nearest = nearestName(to: String(name.drop { $0 == "-" }), among: known.map(\.name))
        let hint = nearest.map { "did you mean '--\($0)'? " } ?? ""
        return "the option '\(name)' is unknown: \(hint)'\(path) --help' lists what there is"
    }

    private func problem(
        with value: String, of option: CommandDescription.Argument, _ refusal: String
    ) -> String? {
        if let words = option.allValues, !words.isEmpty {
            return words.contains(value) ? nil : "\(option.title) \(unknownName(value, choices: words))"
        }
        // Numbers and words of another form: only the parser knows.
        guard refusal.contains("'\(value)'"), refusal.contains("'\(option.title) <") else { return nil }
        let nearest = nearestName(to: value, among: option.completionKind?.list?.values ?? [])
        return "\(option.title) '\(value)' is not understood: "
            + "\(nearest.map { "did you mean '\($0)'? " } ?? "")\(option.choices)"
    }

    private func missing(_ given: Set<String>, positionals: Int) -> String? {
        let missing = command.arguments?.first { argument in
            guard !argument.isOptional, argument.shouldDisplay else { return false }
            return argument.kind == "positional"
                ? positionals == 0 : argument.kind == "option" && !given.contains(argument.title)
        }
        return missing.map { "\($0.title) is missing: \($0.choices)" }
    }
}
