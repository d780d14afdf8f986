import Yams

/// A mapping of words to words or to lists of words, in the order of the text.
public struct FlatYAML: Sendable {
    public struct Entry: Sendable, Equatable {
        public let key: String
        /// One word where the text has no list.
        public let values: [String]
        public let isList: Bool
        /// As `line 3: `, for messages.
        public let place: String
    }

    public let entries: [Entry]

    /// - Parameter what: what the mapping is, for the message about a text that is none.
    /// - Throws: `YAMLError` naming the line and what is wrong there.
    public init(_ text: String, _ what: String) throws(YAMLError) {
        var entries: [Entry] = []
        for (key, value) in try yamlMapping(text, what) {
            guard let name = key.string else { throw YAMLError("\(key.place)a key is a word") }
            let words: [String]
            if let word = value.string {
                words = [word]
            } else if let sequence = value.sequence {
                words = sequence.compactMap(\.string)
                guard words.count == sequence.count else { throw YAMLError("\(value.place)'\(name)' is a list of words") }
            } else {
                throw YAMLError("\(value.place)'\(name)' takes a word or a list of words")
            }
            entries.append(Entry(key: name, values: words, isList: value.sequence != nil, place: key.place))
        }
        self.entries = entries
    }
}
