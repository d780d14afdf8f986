import Preconditioning
import Quantization
import Yams

extension StudyPlan {
    /// The plan in YAML; reading it back gives an equal plan.
    ///
    /// - Throws: what the YAML library reports.
    public func yaml() throws -> String {
        var pairs: [(Node, Node)] = [
            ("reference", Node(reference.rawValue)), ("indefinite", Node(indefinite.rawValue)),
        ]
        if !matrices.isEmpty { pairs.append(("matrices", Node(matrices.map { Node($0) }))) }
        pairs.append(("grids", Node(grids.map(\.node))))
        return try serialize(node: Node(pairs))
    }

    /// - Throws: `PlanError` naming the line and what is wrong there.
    public init(yaml: String) throws(PlanError) {
        let document: Node?
        do {
            document = try compose(yaml: yaml)
        } catch {
            // The library quotes the line, whatever its length.
            throw PlanError("it is not YAML: \("\(error)".prefix(500))")
        }
        guard let root = document?.mapping else { throw PlanError("a plan is a mapping with the key 'grids'") }
        var plan = StudyPlan(grids: [])
        for (key, value) in root {
            switch key.string {
            case "reference": plan.reference = try value.single("reference")
            case "indefinite": plan.indefinite = try value.single("indefinite")
            case "matrices": plan.matrices = try value.texts("matrices")
            case "grids":
                guard let sequence = value.sequence else { throw value.error("'grids' is a list of mappings") }
                for node in sequence { plan.grids.append(try CaseGrid(node: node)) }
            default: throw key.error("unknown key '\(key.text)'; a plan has reference, indefinite, matrices, grids")
            }
        }
        if plan.grids.isEmpty { throw PlanError("the plan has no grids") }
        self = plan
    }
}

extension CaseGrid {
    fileprivate var node: Node {
        var pairs: [(Node, Node)] = []
        func add(_ name: String, _ values: [String]?) {
            guard let values else { return }
            pairs.append((Node(name), Node(values.map { Node($0) }, .implicit, .flow)))
        }
        add("statistic", statistic?.map(\.rawValue))
        add("root", root?.map(\.rawValue))
        add("codebook", codebook?.map(\.rawValue))
        add("bits", bits?.map { "\($0)" })
        add("block", block?.map { "\($0)" })
        add("root-codebook", rootCodebook?.map(\.rawValue))
        add("root-bits", rootBits?.map { "\($0)" })
        add("root-block", rootBlock?.map { "\($0)" })
        add("rectify", rectify?.map { "\($0)" })
        add("solver", solver?.map(\.rawValue))
        add("damping", damping?.map { "\($0)" })
        add("exponent", exponent?.map { "\($0)" })
        add("contraction", contraction?.map { "\($0)" })
        return Node(pairs)
    }

    fileprivate init(node: Node) throws(PlanError) {
        guard let mapping = node.mapping else { throw node.error("a grid is a mapping of axes to lists") }
        self.init()
        for (key, value) in mapping {
            let axis = key.text
            switch axis {
            case "statistic": statistic = try words(value.list(axis), axis: axis)
            case "root": root = try words(value.list(axis), axis: axis)
            case "codebook": codebook = try words(value.list(axis), axis: axis)
            case "bits": bits = try integers(value.list(axis), axis: axis)
            case "block": block = try integers(value.list(axis), axis: axis)
            case "root-codebook": rootCodebook = try words(value.list(axis), axis: axis)
            case "root-bits": rootBits = try integers(value.list(axis), axis: axis)
            case "root-block": rootBlock = try integers(value.list(axis), axis: axis)
            case "rectify": rectify = try integers(value.list(axis), axis: axis)
            case "solver": solver = try words(value.list(axis), axis: axis)
            case "damping": damping = try numbers(value.list(axis), axis: axis)
            case "exponent": exponent = try numbers(value.list(axis), axis: axis)
            case "contraction": contraction = try numbers(value.list(axis), axis: axis)
            default: throw key.error("unknown axis '\(axis)'")
            }
        }
    }
}

extension Node {
    fileprivate var text: String { string ?? "?" }

    fileprivate func error(_ problem: String) -> PlanError {
        PlanError("\(mark.map { "line \($0.line): " } ?? "")\(problem)")
    }

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
