/// What a table's column says.
public struct Column: Sendable, Equatable {
    /// What its fields are.
    public enum Kind: String, Sendable, CaseIterable { case text, integer, number }

    public let name: String
    public let kind: Kind
    /// Empty where a number has none.
    public let unit: String
    public let meaning: String
    /// Where a field is empty; empty where none is.
    public let empty: String

    public init(_ name: String, _ kind: Kind, unit: String = "", _ meaning: String, empty: String = "") {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.meaning = meaning
        self.empty = empty
    }
}
