import MatrixCore

/// The attributes of an object by their names, in the order of the names' bytes.
public struct Attributes: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    private var values: [ExactName: AttributeValue] = [:]

    public init(_ values: [String: AttributeValue]) {
        for (name, value) in values { self[name] = value }
    }

    public init(dictionaryLiteral elements: (String, AttributeValue)...) {
        for (name, value) in elements { self[name] = value }
    }

    public subscript(name: String) -> AttributeValue? {
        get { values[ExactName(name)] }
        set { values[ExactName(name)] = newValue }
    }

    public var sorted: [(name: String, value: AttributeValue)] {
        values.sorted { $0.key < $1.key }.map { ($0.key.text, $0.value) }
    }
}
