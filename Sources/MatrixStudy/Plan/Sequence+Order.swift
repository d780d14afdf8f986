extension Sequence where Element: Hashable {
    /// The elements without repetitions, in the order of their first occurrence.
    public var distinct: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}

extension Sequence {
    /// Groups in the order of their first element.
    public func grouped<Key: Hashable>(
        by key: (Element) throws -> Key
    ) rethrows -> [(key: Key, elements: [Element])] {
        var positions: [Key: Int] = [:]
        var groups: [(key: Key, elements: [Element])] = []
        for element in self {
            let key = try key(element)
            if let position = positions[key] {
                groups[position].elements.append(element)
            } else {
                positions[key] = groups.count
                groups.append((key, [element]))
            }
        }
        return groups
    }
}
