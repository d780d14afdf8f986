import MatrixCore
import YAMLFiles

/// A published experiment, or a user's own, as options of `train` by their names.
///
/// A file is a flat mapping in YAML. Four of its keys are about the experiment: `summary`, one line; `source`, the paper and
/// its tables; `result`, the published figures; `our-choice`, a list of the options whose values were not published. Every
/// other key is an option without its dashes, a flag with `true` or `false`.
public struct Recipe: Sendable {
    public struct Option: Sendable, Equatable {
        /// Without dashes.
        public let name: String
        public let value: String
        /// As `line 3: `, for messages.
        public let place: String
    }

    /// Of a published experiment its name, of a user's file the path.
    public let name: String
    public let text: String
    public private(set) var summary = ""
    public private(set) var source = ""
    /// The published figures.
    public private(set) var result = ""
    /// The names of the options whose values were not published.
    public private(set) var ownChoices: [String] = []
    public private(set) var options: [Option] = []

    /// - Throws: `RecipeError` of kind `wrongData` that names the recipe, the line and what is wrong there. Whether the options
    ///   are some of `train`, only the program knows.
    public init(_ name: String, yaml text: String) throws(RecipeError) {
        self.name = name
        self.text = text
        do throws(YAMLError) {
            let entries = try FlatYAML(text, "a recipe is a mapping of options of train to their values").entries
            for entry in entries { try take(entry) }
            if let unknown = ownChoices.first(where: { self[$0] == nil }) {
                throw YAMLError("'our-choice' names \(unknown), and the recipe has no such option")
            }
            if options.isEmpty { throw YAMLError("the recipe has no options of train") }
        } catch {
            throw RecipeError(kind: .wrongData, description: "\(name): \(error)")
        }
    }

    private mutating func take(_ entry: FlatYAML.Entry) throws(YAMLError) {
        if entry.key == "our-choice" {
            ownChoices = entry.values
            return
        }
        guard !entry.isList, let value = entry.values.first else {
            throw YAMLError("\(entry.place)'\(entry.key)' takes one value")
        }
        switch entry.key {
        case "summary": summary = value
        case "source": source = value
        case "result": result = value
        default: options.append(Option(name: entry.key, value: value, place: entry.place))
        }
    }

    /// The value of an option; nil where the recipe does not have it.
    public subscript(option: String) -> String? { options.first { $0.name == option }?.value }
}

/// Why there is no recipe.
public struct RecipeError: Error, Sendable, CustomStringConvertible {
    public enum Kind: Sendable { case unknownName, wrongData }

    public let kind: Kind
    public let description: String

    public init(kind: Kind, description: String) {
        self.kind = kind
        self.description = description
    }
}

extension Recipe {
    /// The published experiment of a name.
    ///
    /// - Throws: `RecipeError` of kind `unknownName`, with the nearest name.
    public init(published name: String) throws(RecipeError) {
        guard let bytes = RecipeTable.files.first(where: { $0.name == name })?.bytes else {
            let nearest = nearestName(to: name, among: RecipeTable.names)
            throw RecipeError(
                kind: .unknownName,
                description: "the recipe '\(name)' is unknown: "
                    + "\(nearest.map { "did you mean '\($0)'? " } ?? "")'fourthroot recipes' lists what there is")
        }
        try self.init(name, yaml: String(decoding: bytes, as: UTF8.self))
    }
}
