/// The name that a misspelt word most probably means; nil where none is near.
///
/// In this order: one that differs only in case, hyphens, underscores and blanks; the shortest that begins with the word; the
/// one that the fewest insertions, deletions, replacements and swaps of neighbours make of it, up to one for every three
/// characters of the word, at most three; one that has the word as a part between hyphens. Of equals the first.
public func nearestName(to word: String, among names: some Sequence<String>) -> String? {
    let wanted = folded(word)
    guard (2...longestWord).contains(wanted.count) else { return nil }
    let candidates = names.prefix(mostNames).map { (name: $0, folded: folded($0)) }
    if let same = candidates.first(where: { $0.folded == wanted }) { return same.name }
    let longer = candidates.filter { $0.folded.starts(with: wanted) }
    if let shortest = longer.min(by: { $0.folded.count < $1.folded.count }) { return shortest.name }
    let limit = min(wanted.count / 3, 3)
    var nearest: (name: String, distance: Int)?
    for candidate in candidates where abs(candidate.folded.count - wanted.count) <= limit {
        let distance = editDistance(wanted, candidate.folded)
        if distance <= limit && distance < nearest?.distance ?? .max { nearest = (candidate.name, distance) }
    }
    return nearest?.name ?? candidates.first { $0.name.split(separator: "-").contains { folded(String($0)) == wanted } }?.name
}

/// `'linear2' is unknown: did you mean 'linear-2'? Choose from linear, linear-2, nf4`: what is said of a word that is none of
/// the choices.
public func unknownName(_ word: String, choices: [String]) -> String {
    let hint = nearestName(to: word, among: choices).map { "did you mean '\($0)'? Choose" } ?? "choose"
    let shown = word.count <= 60 ? word : word.prefix(60) + "…"
    return "'\(shown)' is unknown: \(hint) from \(choices.joined(separator: ", "))"
}

/// Words and lists beyond these are no slips of the pen, and would take long to compare.
private let longestWord = 200
private let mostNames = 10_000

private func folded(_ name: String) -> [UInt8] {
    name.lowercased().utf8.filter { ![UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: " ")].contains($0) }
}

/// The fewest insertions, deletions, replacements and swaps of neighbours, no place being edited twice.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    // Row i holds the distances of the first i bytes of a to the beginnings of b.
    var (beforeLast, last) = ([Int](), Array(0...b.count))
    for i in a.indices {
        var row = [i + 1]
        for j in b.indices {
            var least = min(last[j] + (a[i] == b[j] ? 0 : 1), min(last[j + 1], row[j]) + 1)
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] { least = min(least, beforeLast[j - 1] + 1) }
            row.append(least)
        }
        (beforeLast, last) = (last, row)
    }
    return last[b.count]
}
