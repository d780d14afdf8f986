/// A pattern for names in which `*` stands for any characters, slashes included, and `?` for any one.
public struct Glob: Sendable {
    private let pattern: [Unicode.Scalar]

    public init(_ pattern: String) { self.pattern = Array(pattern.unicodeScalars) }

    public var hasWildcards: Bool { pattern.contains("*") || pattern.contains("?") }

    /// Whether the whole name matches; linear in the name for one `*`, at worst quadratic.
    public func matches(_ name: String) -> Bool {
        let name = Array(name.unicodeScalars)
        var (p, n) = (0, 0)
        var retry: (pattern: Int, name: Int)?
        while n < name.count {
            if p < pattern.count, pattern[p] == "*" {
                retry = (p + 1, n)
                p += 1
            } else if p < pattern.count, pattern[p] == "?" || pattern[p] == name[n] {
                p += 1
                n += 1
            } else if let last = retry {
                // The last star takes one character more.
                retry = (last.pattern, last.name + 1)
                (p, n) = (last.pattern, last.name + 1)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == "*" }
    }
}
