import MatrixCore
import Preconditioning
import Quantization
import Yams

extension StudyPlan {
    /// The plan in YAML; reading it back gives an equal plan.
    ///
    /// - Parameter axes: names of axes to leave out.
    /// - Throws: what the YAML library reports.
    public func yaml(omitting axes: Set<String> = []) throws -> String {
        var pairs: [(Node, Node)] = [
            ("reference", Node(reference.rawValue)), ("indefinite", Node(indefinite.rawValue)),
            ("arithmetic", Node(arithmetic.rawValue)), ("decomposition", Node(decomposition.rawValue)),
        ]
        if !matrices.isEmpty { pairs.append(("matrices", Node(matrices.map { Node($0) }))) }
        pairs.append(("grids", Node(grids.map { $0.node(omitting: axes) })))
        return try serialize(node: Node(pairs))
    }

    /// - Throws: `PlanError` naming the line and what is wrong there.
    public init(yaml: String) throws(PlanError) {
        let root = try planMapping(yaml: yaml, "a plan is a mapping with the key 'grids'")
        var plan = StudyPlan(grids: [])
        for (key, value) in root {
            switch key.string {
            case "reference": plan.reference = try value.single("reference")
            case "indefinite": plan.indefinite = try value.single("indefinite")
            case "arithmetic": plan.arithmetic = try value.single("arithmetic")
            case "decomposition": plan.decomposition = try value.single("decomposition")
            case "matrices": plan.matrices = try value.texts("matrices")
            case "grids":
                guard let sequence = value.sequence else { throw value.error("'grids' is a list of mappings") }
                for node in sequence { plan.grids.append(try CaseGrid(node: node)) }
            default:
                let known = ["reference", "indefinite", "arithmetic", "decomposition", "matrices", "grids"]
                throw key.error("the key \(unknownName(key.text, choices: known))")
            }
        }
        if plan.grids.isEmpty { throw PlanError("the plan has no grids") }
        self = plan
    }
}

extension CaseGrid {
    fileprivate func node(omitting axes: Set<String>) -> Node {
        Node(
            givenAxes.filter { !axes.contains($0.axis.name) }.map { axis, labels in
                (Node(axis.name), Node(labels.map { Node($0) }, .implicit, .flow))
            })
    }

    fileprivate init(node: Node) throws(PlanError) {
        guard let mapping = node.mapping else { throw node.error("a grid is a mapping of axes to lists") }
        self.init()
        for (key, value) in mapping {
            guard let axis = StudyAxis.all.first(where: { $0.name == key.string }) else {
                throw key.error("the axis \(unknownName(key.text, choices: StudyAxis.all.map(\.name)))")
            }
            try set(axis, value.list(axis.name), title: axis.name)
        }
    }
}

extension Node {
    fileprivate func texts(_ key: String) throws(PlanError) -> [String] {
        if let string { return [string] }
        guard let sequence else { throw error("'\(key)' is a list") }
        var result: [String] = []
        for node in sequence {
            guard let string = node.string else { throw node.error("'\(key)' is a list of plain values") }
            result.append(string)
        }
        return result
    }

    /// A list or a single value, as the command line writes it.
    fileprivate func list(_ key: String) throws(PlanError) -> String {
        let values = try texts(key)
        guard !values.isEmpty else { throw error("'\(key)' is empty") }
        return values.joined(separator: ",")
    }

    fileprivate func single<Word: RawRepresentable & CaseIterable>(
        _ key: String
    ) throws(PlanError) -> Word where Word.RawValue == String {
        let found: [Word] = try words(list(key), axis: key)
        guard found.count == 1 else { throw error("'\(key)' takes one value") }
        return found[0]
    }
}
