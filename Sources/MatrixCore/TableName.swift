/// What a program lets its users choose from by name.
public protocol NameTable: Sendable {
    /// What a name stands for.
    associatedtype Definition: Sendable
    /// In the order in which they are listed; no name occurs twice.
    static var entries: [(name: String, definition: Definition)] { get }
}

/// A name of a table.
public struct TableName<Table: NameTable>: RawRepresentable, CaseIterable, Hashable, Sendable {
    public static var allCases: [TableName] { Table.entries.map { TableName(name: $0.name, $0.definition) } }

    public let rawValue: String
    public let definition: Table.Definition

    /// Nil for a name that is not in the table.
    public init?(rawValue: String) {
        guard let entry = Table.entries.first(where: { $0.name == rawValue }) else { return nil }
        self.init(name: entry.name, entry.definition)
    }

    private init(name: String, _ definition: Table.Definition) {
        rawValue = name
        self.definition = definition
    }

    public static func == (a: TableName, b: TableName) -> Bool { a.rawValue == b.rawValue }
    public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}
