import MatrixCore
import Training

/// The arguments of a command line in which `train --recipe` stands for the options of the recipe.
struct RecipeArguments {
    /// What the parser reads: the options of the recipe, then those that were given.
    let arguments: [String]
    let use: RecipeUse?

    /// Options that say the same in two ways: one that is given leaves the recipe's out.
    private static let alternatives: [Set<String>] = [
        ["steps", "epochs"], ["warm-up", "warm-up-epochs"], ["nre", "bits-per-entry"],
    ]
    /// What decides none of a training's numbers, beside its records and its device.
    private static let incidental: Set<String> = ["recipe", "data", "data-threads", "validate-every", "validation-batches"]
    /// What no recipe holds: itself, and what is about one run.
    private static let ofOneRun: Set<String> = ["recipe", "resume", "force", "quiet", "help", "version"]

    /// The arguments as they were given.
    init(literal given: [String]) {
        (arguments, use) = (given, nil)
    }

    /// - Parameter given: without the program's name.
    /// - Throws: `RecipeError`; `TextFileError` where the recipe is a file that cannot be read.
    init(_ given: [String]) throws {
        let namesRecipe = given.first == "train" && given.contains { $0.hasPrefix("--recipe") }
        let command = namesRecipe ? try CommandDescription(Train.self) : nil
        guard let command, let own = OwnOptions(Array(given.dropFirst()), of: command), let name = own.values["recipe"] else {
            (arguments, use) = (given, nil)
            return
        }
        let recipe = try Recipe(fileOrName: name)
        var options = try recipe.options.map { try RecipeOption($0, of: command, in: recipe) }
        let displaced = Set(own.names).union(Self.alternatives.filter { !$0.isDisjoint(with: own.names) }.joined())
        options.removeAll { displaced.contains($0.name) }
        var left: [String] = []
        if let rule = own.values["optimizer"], let published = recipe["optimizer"], rule != published {
            // Its rate and decay are of no meaning to another rule.
            let section = command.argument(named: "--optimizer")?.sectionTitle
            left = options.filter { $0.section == section }.map(\.name)
            options.removeAll { $0.section == section }
        }
        while let name = Self.inapplicable(in: options, given),
            let index = options.firstIndex(where: { [$0.name, "no-\($0.name)"].contains(name) })
        {
            left.append(options.remove(at: index).name)
        }
        arguments = Self.line(options, given)
        use = RecipeUse(recipe: recipe, taken: Set(options.map(\.name)), leftOut: left, given: own.settings)
    }

    private static func line(_ options: [RecipeOption], _ given: [String]) -> [String] {
        given.prefix(1) + options.compactMap(\.argument) + given.dropFirst()
    }

    /// The option that has no meaning beside the others. What else is wrong is said when the command runs.
    private static func inapplicable(in options: [RecipeOption], _ given: [String]) -> String? {
        guard let train = try? Train.parse(Array(line(options, given).dropFirst())) else { return nil }
        do {
            try train.check()
        } catch let error as StatusError {
            return error.inapplicableOption
        } catch {}
        return nil
    }

    /// The options of a command line by the names that the parser prefers.
    private struct OwnOptions {
        private(set) var names: Set<String> = []
        /// Of those that have values.
        private(set) var values: [String: String] = [:]
        /// As they were written, those alone that decide numbers.
        private(set) var settings: [String] = []

        /// Nil where the parser will refuse a name.
        init?(_ arguments: [String], of command: CommandDescription) {
            var rest = arguments[...]
            while let argument = rest.popFirst() {
                guard let option = command.argument(named: argument), let name = command.commonName(of: option) else {
                    return nil
                }
                names.insert(name)
                var words = [argument]
                if option.kind == "option" {
                    if let sign = argument.firstIndex(of: "=") {
                        values[name] = String(argument[sign...].dropFirst())
                    } else if let value = rest.popFirst() {
                        values[name] = value
                        words.append(shellWord(value))
                    }
                }
                let isSetting = option.sectionTitle.map { !["Records", "Device"].contains($0) } ?? (name == "precision")
                if isSetting && !RecipeArguments.incidental.contains(name) {
                    settings.append(words.joined(separator: " "))
                }
            }
        }
    }

    /// An option of a recipe as an argument.
    private struct RecipeOption {
        let name: String
        let section: String?
        /// Nil for a flag that is not set.
        let argument: String?

        /// - Throws: `RecipeError` for a name that is no option of the command, and for a flag with another value.
        init(_ option: Recipe.Option, of command: CommandDescription, in recipe: Recipe) throws(RecipeError) {
            func wrong(_ problem: String) -> RecipeError {
                RecipeError(kind: .wrongData, description: "\(recipe.name): \(option.place)\(problem)")
            }
            let known = (command.arguments ?? []).filter(\.shouldDisplay).compactMap(\.preferredName?.name)
                .filter { !RecipeArguments.ofOneRun.contains($0) }
            guard let found = command.argument(named: "--\(option.name)"), let name = found.preferredName?.name,
                known.contains(name)
            else {
                let hint = nearestName(to: option.name, among: known).map { "; did you mean '\($0)'?" } ?? ""
                throw wrong("'\(option.name)' is no option of a recipe\(hint)")
            }
            self.name = name
            section = found.sectionTitle
            guard found.kind == "flag" else {
                argument = "--\(name)=\(option.value)"
                return
            }
            guard let isSet = Bool(option.value) else { throw wrong("'\(option.name)' takes true or false") }
            argument = isSet ? "--\(name)" : command.opposite(ofFlag: name)?.title
        }
    }
}
