import Files

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

    /// Tokens of a NumPy file of integers, or of a file of nothing but little-endian 16-bit or 32-bit tokens.
    ///
    /// Such a file does not say its width. Tokens have 16 bits here, so that those of a file in which every second 16-bit
    /// number is 0 are of 32.
    ///
    /// - Parameter vocabulary: nil for one more than the largest token.
    /// - Throws: `DataError` for another format, where part of a token is left over, one is negative, not below `vocabulary` or
    ///   beyond 16 bits, or the file is too short.
    init(tokenFile path: String, vocabulary: Int?, context: Int) throws(DataError) {
        // The bytes and the tokens, of which one byte can give one.
        let bytes = try readBytes(path, copies: 3)
        let (tokens, start, width) = try TokenDataSet.tokens(bytes, path)
        if let vocabulary, let position = tokens.firstIndex(where: { $0 >= vocabulary }) {
            throw .damaged(
                path, at: start + width * position,
                "the token \(tokens[position]) is not below the vocabulary's \(vocabulary)",
                advice: "give the vocabulary of the file's tokenizer, and little-endian tokens")
        }
        try self.init(tokens, vocabulary: vocabulary ?? Int(tokens.max() ?? 0) + 1, context: context, file: path)
    }

    /// The tokens with the place of the first and the bytes of each.
    private static func tokens(_ bytes: [UInt8], _ path: String) throws(DataError) -> ([UInt16], start: Int, width: Int) {
        if bytes.starts(with: NumPyHeader.magic) {
            let (header, width, isSigned, count) = try integerList(bytes, path)
            let found = bytes.count - header.size
            guard found == width.multipliedReportingOverflow(by: count).partialValue, count <= found else {
                throw .damaged(
                    path, at: header.size,
                    "the NumPy header says \(count) integers of \(width) bytes, and \(found) bytes follow it")
            }
            return (try integers(bytes, from: header.size, width: width, isSigned: isSigned, path), header.size, width)
        }
        try refuseOtherFormat(bytes, path, expected: "tokens")
        guard bytes.count.isMultiple(of: 2) else {
            throw .damaged(
                path, at: bytes.count - 1, "\(bytes.count) bytes are not whole tokens of 2",
                advice: "give little-endian 16-bit tokens")
        }
        let halves = try integers(bytes, from: 0, width: 2, isSigned: false, path)
        let isWide = halves.count >= 4 && halves.count.isMultiple(of: 2) && halves.isZeroAtEverySecondPlace
        guard isWide else { return (halves, 0, 2) }
        let tokens = stride(from: 0, to: halves.count, by: 2).map { halves[$0] }
        guard !(tokens.count.isMultiple(of: 2) && tokens.isZeroAtEverySecondPlace) else {
            throw .damaged(
                path, at: 0, "three of four 16-bit numbers are 0, as in a file of 64-bit integers",
                advice: "save the tokens by numpy.save, whose files say their type")
        }
        return (tokens, 0, 4)
    }

    /// The header of a NumPy file of one list of little-endian integers.
    private static func integerList(
        _ bytes: [UInt8], _ path: String
    ) throws(DataError) -> (header: NumPyHeader, width: Int, isSigned: Bool, count: Int) {
        let header: NumPyHeader
        do {
            header = try NumPyHeader(bytes)
        } catch {
            throw .damaged(path, at: error.offset, error.problem, advice: error.advice ?? "copy or download it again")
        }
        let type = header.type
        guard ["<", "|"].contains(type.first), ["i", "u"].contains(type.dropFirst().first),
            let width = Int(type.dropFirst(2)), [1, 2, 4, 8].contains(width)
        else {
            throw .damaged(
                path, at: 10, "its entries are of NumPy's type \(type), and tokens are little-endian integers",
                advice: "convert them, for instance by tokens.astype('<u4')")
        }
        guard let shape = header.shape, shape.count == 1 else {
            throw .damaged(
                path, at: 10, "its shape is \(header.shapeText), and tokens are one list",
                advice: "flatten it, by tokens.ravel()")
        }
        return (header, width, type.dropFirst().first == "i", shape[0])
    }

    /// - Throws: `DataError` where one is negative or does not fit 16 bits.
    private static func integers(
        _ bytes: [UInt8], from start: Int, width: Int, isSigned: Bool, _ path: String
    ) throws(DataError) -> [UInt16] {
        var tokens: [UInt16] = []
        tokens.reserveCapacity((bytes.count - start) / width)
        for place in stride(from: start, to: bytes.count, by: width) {
            let bits = (0..<width).reduce(UInt64(0)) { $0 | UInt64(bytes[place + $1]) << UInt64(8 * $1) }
            let isNegative = isSigned && bits >> UInt64(8 * width - 1) == 1
            guard !isNegative, let token = UInt16(exactly: bits) else {
                let value =
                    isNegative ? "\(Int64(bitPattern: bits << UInt64(64 - 8 * width)) >> Int64(64 - 8 * width))" : "\(bits)"
                throw .damaged(
                    path, at: place, "the token \(value) is not from 0 to \(UInt16.max)",
                    advice: "give the tokens of a vocabulary of at most \(largestVocabulary)")
            }
            tokens.append(token)
        }
        return tokens
    }
}

extension [UInt16] {
    /// With something between the zeros.
    fileprivate var isZeroAtEverySecondPlace: Bool {
        stride(from: 1, to: count, by: 2).allSatisfy { self[$0] == 0 } && contains { $0 != 0 }
    }
}

/// Formats that would be taken for tokens or text, by their first bytes.
private let otherFormats: [(start: [UInt8], name: String, advice: String)] = [
    (NumPyHeader.magic, "a NumPy file", "give it as tokens"),
    (Array("PK\u{3}\u{4}".utf8), "a zip archive (or NumPy's .npz)", "unpack it and give the file in it"),
    ([0x1F, 0x8B, 8], "a gzip file", "unpack it, by gunzip"),
    ([0x28, 0xB5, 0x2F, 0xFD], "a Zstandard file", "unpack it, by zstd -d"),
    ([0xFD] + Array("7zXZ".utf8), "an xz file", "unpack it, by xz -d"),
    ([0x89] + Array("HDF".utf8), "an HDF5 file", "write its tokens to a file of their own, by numpy.save"),
    (Array("PAR1".utf8), "a Parquet file", "write its tokens or texts to a file of their own"),
    // The number 20240520, then 1,020 bytes more of a header.
    ([0x88, 0xD8, 0x34, 0x01], "a token file of llm.c with a header", "cut its 1024 bytes off, by tail -c +1025"),
]

private func refuseOtherFormat(_ bytes: [UInt8], _ path: String, expected: String) throws(DataError) {
    guard let format = otherFormats.first(where: { bytes.starts(with: $0.start) }) else { return }
    throw .damaged(path, at: 0, "this is \(format.name), not \(expected)", advice: format.advice)
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
