import Foundation

/// A pattern for names, as the system's fnmatch takes it: `*` stands for any characters, slashes included, `?` for any one,
/// `[a-z]` and `[!a-z]` for one of a class. A backslash is itself; `[*]` is a star.
public struct Glob: Sendable {
    public let text: String

    public init(_ text: String) { self.text = text }

    public var hasWildcards: Bool { text.utf8.contains(where: Glob.isWildcard) }

    /// What comes before the first wildcard, up to its last slash: the folder of all names that match.
    public var folder: String {
        let plain = text.utf8.prefix { !Glob.isWildcard($0) }
        return String(Substring(plain[..<(plain.lastIndex(of: UInt8(ascii: "/")) ?? plain.startIndex)]))
    }

    /// Whether the whole name matches.
    public func matches(_ name: String) -> Bool {
        // A character is more than a byte only in a locale that says so; the program's own is left as it is.
        let before = Glob.unicode.value.map { uselocale($0) }
        defer { if let before { uselocale(before) } }
        return fnmatch(text, name, FNM_NOESCAPE) == 0
    }

    /// The names that the pattern takes: the one that it spells out, wildcards and all, where there is it; else all that match.
    public func taken(of names: [String]) -> [String] {
        let own = names.filter { $0.utf8.elementsEqual(text.utf8) }
        return own.isEmpty ? names.filter(matches) : own
    }

    private static func isWildcard(_ byte: UInt8) -> Bool {
        [UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "[")].contains(byte)
    }

    /// nil where the system has no such locale: names are then matched by their bytes.
    private static let unicode = Locale(value: newlocale(LC_CTYPE_MASK, "C.UTF-8", nil))

    /// Made once, and only read.
    private struct Locale: @unchecked Sendable { let value: locale_t? }
}
