import Compute

/// A method of preconditioning as programs name it, whatever the backend.
public protocol PreconditionerMethod: Sendable {
    /// Its word in options and configurations.
    static var name: String { get }
    static var defaults: PreconditionerDefaults { get }

    /// The method over a first-order rule.
    static func preconditioned<Base: OptimizerRule>(
        _ base: Base, _ settings: ShampooSettings
    ) -> any OptimizerRule<Base.Backend>
}

/// The methods of preconditioning by name.
public struct PreconditionerName: RawRepresentable, CaseIterable, Sendable, Hashable {
    /// The table: a method is its file and its line here.
    private static let table: [any PreconditionerMethod.Type] = [
        Shampoo.self,
        CASPR.self,
        KFAC.self,
    ]

    public static var allCases: [PreconditionerName] { table.map { PreconditionerName($0) } }

    public let rawValue: String
    public let method: any PreconditionerMethod.Type

    /// Nil for a name that is not in the table.
    public init?(rawValue: String) {
        guard let method = PreconditionerName.table.first(where: { $0.name == rawValue }) else { return nil }
        self.init(method)
    }

    public init(_ method: any PreconditionerMethod.Type) {
        self.method = method
        rawValue = method.name
    }

    public static func == (a: PreconditionerName, b: PreconditionerName) -> Bool { a.rawValue == b.rawValue }
    public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}
