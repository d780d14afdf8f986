/// Tokens that are read by their places.
protocol TokenSource: Sendable {
    var count: Int { get }
    /// Tells these tokens from others.
    var fingerprint: String { get }

    /// - Throws: `DataError`, of a file.
    func tokens(_ places: Range<Int>) throws(DataError) -> [Int]
}

/// Tokens in memory.
struct TokenList: TokenSource {
    let elements: [UInt16]

    var count: Int { elements.count }
    var fingerprint: String { "\(count) tokens, XXH3 \(contentFingerprint(of: elements))" }

    func tokens(_ places: Range<Int>) -> [Int] { elements[places].map { Int($0) } }
}

/// A part of a source.
struct TokenSpan: Sendable {
    let source: any TokenSource
    let places: Range<Int>

    var count: Int { places.count }

    /// - Parameter start: in the part.
    func window(_ start: Int, count: Int) throws(DataError) -> [Int] {
        try source.tokens(places.lowerBound + start..<places.lowerBound + start + count)
    }
}
