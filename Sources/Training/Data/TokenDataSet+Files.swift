import Files

extension TokenDataSet {
    /// Most that the networks take.
    static let largestVocabulary = 1 << 20
    /// Most characters that are numbered, by 16 bits.
    static let largestAlphabet = 1 << 16

    /// The characters (Unicode scalars) of a UTF-8 file, numbered in the order of their scalar values.
    ///
    /// - Throws: `DataError` for what is not UTF-8, has too many different characters or is too short.
    init(textFile path: String, context: Int) throws(DataError) {
        // A byte can become a scalar of four and a token of two.
        let scalars = try decodeUTF8(readBytes(path, copies: 7), path)
        let characters = Set(scalars).sorted()
        guard characters.count <= Self.largestAlphabet else {
            throw DataError(
                kind: .tooLarge, file: path,
                problem: "\(characters.count) different characters, and at most \(Self.largestAlphabet) are numbered",
                advice: "tokenize the text and give the tokens")
        }
        let numbers = Dictionary(uniqueKeysWithValues: zip(characters, 0...UInt16.max))
        try self.init(scalars.map { numbers[$0]! }, vocabulary: characters.count, context: context, file: path)
    }

    /// Tokens of a NumPy file of integers, or of a file of nothing but little-endian 16-bit or 32-bit tokens.
    ///
    /// - Parameters:
    ///   - validationPath: nil where the last tenth of the file is for validation.
    ///   - vocabulary: nil for one more than the largest token.
    /// - Throws: `DataError` for another format, where part of a token is left over, one is negative or not below `vocabulary`, or
    ///   the file is too short, or too large for its largest token to be looked for.
    init(tokenFile path: String, validationFile validationPath: String?, vocabulary: Int?, context: Int) throws(DataError) {
        let file = try TokenFile(path, vocabulary: vocabulary)
        guard let validationPath else {
            try self.init(file, vocabulary: file.vocabulary, context: context, file: path)
            return
        }
        let validation = try TokenFile(validationPath, vocabulary: vocabulary)
        try self.init(
            training: TokenSpan(source: file, places: 0..<file.count),
            validation: TokenSpan(source: validation, places: 0..<validation.count),
            vocabulary: max(file.vocabulary, validation.vocabulary), context: context, file: path,
            fingerprint: "\(file.fingerprint); \(validation.fingerprint)")
    }
}

/// The characters of a text, without the mark that some programs begin a file with (U+FEFF, the byte order mark).
///
/// - Throws: `DataError` with the place of the first byte that is not UTF-8, or of a NUL, which no text has and UTF-16 is
///   full of.
private func decodeUTF8(_ bytes: [UInt8], _ path: String) throws(DataError) -> [UInt32] {
    try refuseOtherFormat(bytes, path, expected: "text")
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    var offset = bytes.starts(with: mark) ? mark.count : 0
    var iterator = bytes[offset...].makeIterator()
    var parser = UTF8.ForwardParser()
    var scalars: [UInt32] = []
    scalars.reserveCapacity(bytes.count)
    while true {
        switch parser.parseScalar(from: &iterator) {
        case .valid(let encoded):
            guard bytes[offset] != 0 else {
                throw .damaged(
                    path, at: offset, "the byte 0 is no character of a text",
                    advice: "if it is UTF-16, convert it, by iconv -f UTF-16 -t UTF-8")
            }
            scalars.append(UTF8.decode(encoded).value)
            offset += encoded.count
        case .error:
            throw .damaged(
                path, at: offset, "the byte \(bytes[offset]) is not UTF-8",
                advice: "convert the text, for instance by iconv -f UTF-16 -t UTF-8 or iconv -f LATIN1 -t UTF-8")
        case .emptyInput: return scalars
        }
    }
}
