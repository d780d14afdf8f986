import MatrixCore

extension Glob {
    /// `did you mean 'blocks.1/left'? `, or nothing: what is said of a pattern that matches none of the names.
    public func hint(among names: [String]) -> String { nearest(among: names).map { "did you mean '\($0)'? " } ?? "" }

    /// The pattern that a misspelt one most probably means; nil where none is near.
    ///
    /// A name without wildcards may be near as a whole, or the end of one. Otherwise the parts between slashes that no name has
    /// give way to the nearest that one has, where something then matches.
    public func nearest(among names: [String]) -> String? {
        if !hasWildcards {
            if let longer = names.first(where: { $0.hasSuffix("/\(text)") }) { return longer }
            if let nearest = nearestName(to: text, among: names) { return nearest }
        }
        let known = Set(names.flatMap { $0.split(separator: "/").map { String($0) } })
        let sorted = known.sorted()
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { part in
            let part = String(part)
            return part.isEmpty || known.contains(part) || Glob(part).hasWildcards
                ? part : nearestName(to: part, among: sorted) ?? part
        }
        let corrected = parts.joined(separator: "/")
        return corrected != text && names.contains(where: Glob(corrected).matches) ? corrected : nil
    }
}
