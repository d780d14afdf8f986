import ArgumentParser

extension CompletionKind {
    /// The words of a comma-separated list: behind a comma the next one.
    static func words(_ words: [String]) -> CompletionKind {
        .custom { _, _, prefix in
            let end = prefix.lastIndex(of: ",").map { prefix.index(after: $0) } ?? prefix.startIndex
            let before = String(prefix[..<end])
            let taken = before.split(separator: ",").map { String($0) }
            return words.filter { !taken.contains($0) }.map { before + $0 }
        }
    }
}
