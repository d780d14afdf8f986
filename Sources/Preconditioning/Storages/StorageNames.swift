/// The storages of a statistic by name.
public enum StatisticKind: String, Sendable, Codable, CaseIterable {
    case exact
    case full
    case offdiagonal
    case symmetric
    case eigenvector
    case householder
    case cholesky
    case ldlt
    case inverseRoot = "inverse-root"
    case deflated
}

/// The storages of a root by name; but for `shared` they mean what they mean for a statistic.
public enum RootKind: String, Sendable, Codable, CaseIterable {
    case exact
    case full
    case offdiagonal
    case symmetric
    case shared
    case deflated
}

/// A table of names of storages.
public protocol StorageName: RawRepresentable, CaseIterable, Hashable, Sendable where RawValue == String {
    var traits: StorageTraits { get }
}

extension StorageName {
    /// The names of the storages with a trait, for messages: `eigenvector or householder`.
    public static func names(where trait: KeyPath<StorageTraits, Bool>) -> String {
        let names = allCases.filter { $0.traits[keyPath: trait] }.map(\.rawValue)
        guard let last = names.last, names.count > 1 else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " or " + last
    }
}
