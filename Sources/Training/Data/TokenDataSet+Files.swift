extension TokenDataSet {
    /// Most tokens that 16 bits tell apart.
    static let largestVocabulary = 1 << 16

    /// The characters (Unicode scalars) of a UTF-8 file, numbered in the order of their scalar values.
    ///
    /// - Throws: `DataError` for what is not UTF-8, has too many different characters or is too short.
    init(textFile path: String, context: Int) throws(DataError) {
        // A byte can become a scalar of four and a token of two.
        let scalars = try decodeUTF8(readBytes(path, copies: 7), path)
        let characters = Set(scalars).sorted()
        guard characters.count <= Self.largestVocabulary else {
            throw DataError(
                kind: .tooLarge, file: path,
                problem: "\(characters.count) different characters, and at most \(Self.largestVocabulary) are numbered",
                advice: "tokenize the text and give the tokens")
        }
        let numbers = Dictionary(uniqueKeysWithValues: zip(characters, 0...UInt16.max))
        try self.init(scalars.map { numbers[$0]! }, vocabulary: characters.count, context: context, file: path)
    }

    /// Little-endian 16-bit tokens.
    ///
    /// - Parameter vocabulary: nil for one more than the largest token.
    /// - Throws: `DataError` where half a token is left over, one is not below `vocabulary`, or the file is too short.
    init(tokenFile path: String, vocabulary: Int?, context: Int) throws(DataError) {
        let bytes = try readBytes(path, copies: 2)
        guard bytes.count.isMultiple(of: 2) else {
            throw .damaged(
                path, at: bytes.count - 1, "\(bytes.count) bytes are not whole tokens of 2",
                advice: "give little-endian 16-bit tokens")
        }
        let tokens = stride(from: 0, to: bytes.count, by: 2).map { UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8 }
        if let vocabulary, let position = tokens.firstIndex(where: { $0 >= vocabulary }) {
            throw .damaged(
                path, at: 2 * position, "the token \(tokens[position]) is not below the vocabulary's \(vocabulary)",
                advice: "give the vocabulary of the file's tokenizer, and little-endian 16-bit tokens")
        }
        try self.init(tokens, vocabulary: vocabulary ?? Int(tokens.max() ?? 0) + 1, context: context, file: path)
    }
}

/// - Throws: `DataError` with the place of the first byte that is not UTF-8.
private func decodeUTF8(_ bytes: [UInt8], _ path: String) throws(DataError) -> [UInt32] {
    var parser = UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var scalars: [UInt32] = []
    scalars.reserveCapacity(bytes.count)
    var offset = 0
    while true {
        switch parser.parseScalar(from: &iterator) {
        case .valid(let encoded):
            scalars.append(UTF8.decode(encoded).value)
            offset += encoded.count
        case .error:
            throw .damaged(
                path, at: offset, "the byte \(bytes[offset]) is not UTF-8",
                advice: "convert the text, for instance by iconv -t UTF-8")
        case .emptyInput: return scalars
        }
    }
}
