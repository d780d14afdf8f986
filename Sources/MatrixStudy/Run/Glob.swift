import MatrixCore

/// A pattern for names in which `*` stands for any characters, slashes included, and `?` for any one.
public struct Glob: Sendable {
    private let pattern: [Unicode.Scalar]

    public init(_ pattern: String) { self.pattern = Array(pattern.unicodeScalars) }

    var text: String { String(String.UnicodeScalarView(pattern)) }

    public var hasWildcards: Bool { pattern.contains { isWildcard($0) } }

    /// What comes before the first wildcard, up to its last slash: the folder of all names that match.
    var folder: String {
        let plain = pattern.prefix { !isWildcard($0) }
        let end = plain.lastIndex(of: "/") ?? plain.startIndex
        return String(String.UnicodeScalarView(plain[..<end]))
    }

    /// Whether the pattern ends in these characters.
    func ends(in text: String) -> Bool { pattern.suffix(text.unicodeScalars.count).elementsEqual(text.unicodeScalars) }

    /// The names that the pattern takes: the one it spells out, wildcards and all, where there is it; else all that match.
    public func taken(of names: Set<ExactName>) -> Set<ExactName> {
        let own = ExactName(text)
        return names.contains(own) ? [own] : names.filter { matches($0.text) }
    }

    private func isWildcard(_ scalar: Unicode.Scalar) -> Bool { scalar == "*" || scalar == "?" }

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
