import Files

/// A file of tokens that is read where a batch needs it: it may be larger than the memory.
///
/// Read by `pread` rather than mapped: the pages are the system's in both cases, and a file that another program cuts short
/// is an error here and would be a signal there. What is read is checked every time: nobody else has seen all of a large file.
struct TokenFile: TokenSource {
    /// Larger files are not read whole when they are opened: this takes a second or two, and 100 GB take minutes.
    static let surveyedBytes = 1 << 30

    let path: String
    let form: TokenForm
    /// More than every token.
    private(set) var vocabulary: Int
    private(set) var fingerprint = ""
    private let file: ReadableFile

    var count: Int { form.count }

    /// - Parameters:
    ///   - vocabulary: nil for one more than the largest token, for which the file is read whole.
    ///   - limit: the bytes of the largest file that is read whole. Then every token is checked and the fingerprint is of all;
    ///     else it is of the size and of samples that are spread over the file.
    /// - Throws: `DataError`.
    init(_ path: String, vocabulary: Int?, readingWhole limit: Int = surveyedBytes) throws(DataError) {
        self.path = path
        file = try openInput(path)
        let samples = try FileSamples(file)
        form = try TokenForm(file, samples, vocabulary: vocabulary)
        self.vocabulary = vocabulary ?? TokenDataSet.largestVocabulary
        if file.size <= limit {
            try readWhole(hasVocabulary: vocabulary != nil)
        } else if vocabulary == nil {
            throw DataError(
                kind: .wrongOption, file: path,
                problem: "\(file.size) bytes are not read whole for their largest token",
                advice: "give the vocabulary of the file's tokenizer, by --vocabulary")
        } else {
            try check(samples)
        }
    }

    func tokens(_ places: Range<Int>) throws(DataError) -> [Int] {
        let tokens = form.integers(try bytes(places))
        if let index = tokens.firstIndex(where: { $0 < 0 || $0 >= vocabulary }) {
            throw refusal(of: tokens[index], at: places.lowerBound + index)
        }
        return tokens
    }

    private func bytes(_ places: Range<Int>) throws(DataError) -> [UInt8] {
        try inputBytes(file, at: form.start + places.lowerBound * form.width, count: places.count * form.width)
    }

    private func refusal(of token: Int, at place: Int) -> DataError {
        let offset = form.start + place * form.width
        guard token >= 0, vocabulary < TokenDataSet.largestVocabulary else {
            return .damaged(
                path, at: offset, "the token \(form.text(of: token)) is not from 0 to \(TokenDataSet.largestVocabulary - 1)",
                advice: "give the tokens of a vocabulary of at most \(TokenDataSet.largestVocabulary)")
        }
        return .damaged(
            path, at: offset, "the token \(token) is not below the vocabulary's \(vocabulary)",
            advice: "give the vocabulary of the file's tokenizer, and little-endian tokens; \(form.origin)")
    }

    /// Checks every token, and finds the largest where no vocabulary is given.
    private mutating func readWhole(hasVocabulary: Bool) throws(DataError) {
        var largest = 0
        let (all, halves) = (ContentHash(), ContentHash())
        for start in stride(from: 0, to: count, by: 1 << 18) {
            let places = start..<min(start + 1 << 18, count)
            let tokens = try tokens(places)
            largest = max(largest, tokens.max() ?? 0)
            // As former versions have it, which kept tokens in 16 bits, whatever the file has.
            tokens.map { UInt16(truncatingIfNeeded: $0) }.withUnsafeBytes { halves.combine($0) }
            tokens.map { UInt32(truncatingIfNeeded: $0) }.withUnsafeBytes { all.combine($0) }
        }
        if !hasVocabulary { vocabulary = largest + 1 }
        fingerprint = "\(count) tokens, XXH3 \(largest <= UInt16.max ? halves.text : all.text)"
    }

    /// Checks some of the tokens, so that a wrong vocabulary is found at once.
    private mutating func check(_ samples: FileSamples) throws(DataError) {
        for sample in samples.pieces {
            let first = max(0, (sample.start - form.start + form.width - 1) / form.width)
            let end = min(count, (sample.start + sample.bytes.count - form.start) / form.width)
            if first < end { _ = try tokens(first..<end) }
        }
        fingerprint = "\(count) tokens of \(form.width) bytes, XXH3 of samples \(samples.hash)"
    }
}

/// Pieces of a file at equal distances, the first and the last bytes among them; of a small file all of it.
struct FileSamples {
    static let pieceSize = 4096
    static let count = 256

    let pieces: [(start: Int, bytes: [UInt8])]

    init(_ file: ReadableFile) throws(DataError) {
        var pieces: [(start: Int, bytes: [UInt8])] = []
        // At multiples of eight, so that a place in a piece has the parity that it has in the file.
        let room = max(0, file.size - Self.pieceSize) / 8
        let isWhole = file.size <= Self.count * Self.pieceSize
        let starts =
            isWhole
            ? Array(stride(from: 0, to: file.size, by: Self.pieceSize))
            : (0..<Self.count).map { room / (Self.count - 1) * $0 * 8 } + [room * 8]
        for start in starts {
            let count = min(Self.pieceSize + (start == room * 8 ? 8 : 0), file.size - start)
            pieces.append((start, try inputBytes(file, at: start, count: count)))
        }
        self.pieces = pieces
    }

    var hash: String {
        let hash = ContentHash()
        for piece in pieces { piece.bytes.withUnsafeBytes { hash.combine($0) } }
        return hash.text
    }
}
