import Yams

/// A storage for each parameter of a training, named by globs: what `recommend` writes and `train --storage-plan` takes.
public struct StoragePlan: Sendable, Equatable {
    public struct Entry: Sendable, Equatable {
        /// A name or a glob of parameters.
        public var parameter: String
        /// The options of `train` by their names without dashes, in the order of the file.
        public var settings: [Setting]
        /// As `line 3`, for messages.
        public var place = ""
        public static func == (a: Entry, b: Entry) -> Bool { a.parameter == b.parameter && a.settings == b.settings }
    }

    public struct Setting: Sendable, Equatable {
        public let name: String
        public let value: String
    }

    /// The first one that matches a parameter holds for it.
    public var entries: [Entry]

    static let keys = ["goal", "expected", "parameters"]
}

extension StoragePlan {
    /// - Throws: `PlanError` naming the line and what is wrong there.
    public init(yaml: String) throws(PlanError) {
        let root = try planMapping(yaml: yaml, "a plan of storages is a mapping with the key 'parameters'")
        var entries: [Entry]?
        for (key, value) in root {
            switch key.string {
            case "goal", "expected": continue
            case "parameters":
                guard let sequence = value.sequence else { throw value.error("'parameters' is a list of mappings") }
                var found: [Entry] = []
                for node in sequence { found.append(try Entry(node)) }
                entries = found
            default:
                throw key.error(
                    "unknown key '\(key.text)'; a plan of storages has \(StoragePlan.keys.joined(separator: ", "))")
            }
        }
        guard let entries, !entries.isEmpty else { throw PlanError("the plan of storages has no parameters") }
        self.entries = entries
    }
}

extension StoragePlan.Entry {
    fileprivate init(_ node: Node) throws(PlanError) {
        guard let mapping = node.mapping else { throw node.error("an entry of 'parameters' is a mapping") }
        var parameter: String?
        settings = []
        for (key, value) in mapping {
            guard let name = key.string else { throw key.error("a key is a word") }
            if name == "expected" { continue }
            guard let text = value.string else { throw value.error("'\(name)' takes one value") }
            if name == "parameter" {
                parameter = text
            } else {
                settings.append(StoragePlan.Setting(name: name, value: text))
            }
        }
        guard let parameter, !parameter.isEmpty else { throw node.error("an entry names a 'parameter'") }
        self.parameter = parameter
        place = node.mark.map { "line \($0.line)" } ?? ""
    }
}

extension Recommendation {
    /// The plan as a file.
    ///
    /// - Parameter heading: lines of comment before it, without the mark.
    /// - Throws: what the YAML library reports.
    public func yaml(heading: [String]) throws -> String {
        let goal: (Node, Node) =
            switch self.goal {
            case .error(let limit): ("nre", Node("\(limit)"))
            case .bytes(let bytes): ("bytes", Node("\(bytes)"))
            case .bitsPerEntry(let bits): ("bits-per-entry", Node("\(bits)"))
            }
        let expected: [(Node, Node)] = [
            ("bytes", Node("\(bytes)")), ("bytes-in-float32", Node("\(exactBytes)")),
            ("bits-per-entry", Node("\(bitsPerEntry)")),
            ("largest-nre", Node("\(worstError)")), ("sum-of-squared-nre", Node("\(squaredErrors)")),
        ]
        let root: [(Node, Node)] = [
            ("goal", Node.mapping(Node.Mapping([goal]))), ("expected", Node.mapping(Node.Mapping(expected))),
            ("parameters", Node.sequence(Node.Sequence(choices.map(\.node)))),
        ]
        return heading.map { "# \($0)\n" }.joined()
            + (try serialize(node: Node.mapping(Node.Mapping(root)), allowUnicode: true))
    }
}

extension Recommendation.Choice {
    fileprivate var node: Node {
        let expected: [(Node, Node)] = [
            ("nre", Node("\(option.worstError)")), ("bytes", Node("\(option.bytes)")),
            ("bits-per-entry", Node("\(bitsPerEntry)")), ("matrices", Node("\(unit.matrixCount)")),
        ]
        let pairs: [(Node, Node)] =
            [("parameter", Node(unit.name, .implicit, .doubleQuoted))]
            + option.studyCase.trainingOptions.map { (Node($0.name), Node($0.value)) }
            + [("expected", Node.mapping(Node.Mapping(expected, .implicit, .flow)))]
        return .mapping(Node.Mapping(pairs))
    }
}

extension StudyCase {
    /// The storages as options of `train`. Solver, damping and exponent are the training's own.
    public var trainingOptions: [StoragePlan.Setting] {
        let goal = statistic.deflation ?? root.deflation
        let values: [(String, String?)] = [
            ("statistic", statistic.kind.rawValue), ("root", root.kind.rawValue),
            ("codebook", statistic.coding?.codebook.rawValue), ("bits", statistic.coding.map { "\($0.bits)" }),
            ("block", statistic.coding.map { "\($0.block)" }), ("root-codebook", root.coding?.codebook.rawValue),
            ("root-bits", root.coding.map { "\($0.bits)" }), ("root-block", root.coding.map { "\($0.block)" }),
            ("rectify-root", statistic.rectificationSteps.map { "\($0)" }),
            ("reflector-loop", statistic.reflectorLoop?.rawValue),
            ("nre", goal.flatMap { $0.bitsPerEntry == nil ? $0.error.map { "\($0)" } : nil }),
            ("bits-per-entry", goal?.bitsPerEntry.map { "\($0)" }), ("leak", goal.map { "\($0.leak)" }),
        ]
        return values.compactMap { name, value in value.map { StoragePlan.Setting(name: name, value: $0) } }
    }
}
