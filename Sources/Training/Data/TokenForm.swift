import Files

/// How a file holds its tokens: where they begin, how many they are, and as which little-endian integers.
struct TokenForm: Sendable {
    /// Bytes before the first token.
    let start: Int
    /// Of a token.
    let width: Int
    let isSigned: Bool
    let count: Int
    /// Where the width is from, in words.
    let origin: String

    /// - Parameter vocabulary: nil where it is not known.
    /// - Throws: `DataError` where the file is of another format, or not of whole tokens.
    init(_ file: ReadableFile, _ samples: FileSamples, vocabulary: Int?) throws(DataError) {
        guard let head = samples.pieces.first?.bytes else { throw .damaged(file.path, at: nil, "the file is empty") }
        if head.starts(with: NumPyHeader.magic) {
            try self.init(numPy: file)
        } else {
            try refuseOtherFormat(head, file.path, expected: "tokens")
            try self.init(unmarked: file, samples, vocabulary: vocabulary)
        }
    }

    /// The header of a NumPy file of one list of little-endian integers.
    private init(numPy file: ReadableFile) throws(DataError) {
        let header: NumPyHeader
        do {
            let size = try NumPyHeader.size(Array(inputStart(file, NumPyHeader.startSize)))
            header = try NumPyHeader(inputStart(file, min(size, NumPyHeader.largestSize)))
        } catch let error as NumPyHeaderError {
            throw .damaged(file.path, at: error.offset, error.problem, advice: error.advice ?? "copy or download it again")
        } catch let error as DataError {
            throw error
        } catch {
            preconditionFailure("\(error)")
        }
        let type = header.type
        guard ["<", "|"].contains(type.first), ["i", "u"].contains(type.dropFirst().first),
            let width = Int(type.dropFirst(2)), [1, 2, 4, 8].contains(width)
        else {
            throw .damaged(
                file.path, at: 10, "its entries are of NumPy's type \(type), and tokens are little-endian integers",
                advice: "convert them, for instance by tokens.astype('<u4')")
        }
        guard let shape = header.shape, shape.count == 1 else {
            throw .damaged(
                file.path, at: 10, "its shape is \(header.shapeText), and tokens are one list",
                advice: "flatten it, by tokens.ravel()")
        }
        let found = file.size - header.size
        guard found == width.multipliedReportingOverflow(by: shape[0]).partialValue, shape[0] <= found else {
            throw .damaged(
                file.path, at: header.size,
                "the NumPy header says \(shape[0]) integers of \(width) bytes, and \(found) bytes follow it")
        }
        (start, self.width, isSigned, count) = (header.size, width, type.dropFirst().first == "i", shape[0])
        origin = "the file says that they are of NumPy's type \(type)"
    }

    /// A file of nothing but tokens, which does not say their width; that is told by a sample of the file.
    ///
    /// A vocabulary beyond 65,536 needs 32 bits. Else, if every second 16-bit number is 0, they are upper halves: in 16 bits even
    /// places would hold the same tokens as odd ones. For the same reason they are where the others reach beyond 4,095 and they
    /// stay below 16, the upper half of 2^20; for this, the sample must be too large for chance.
    private init(unmarked file: ReadableFile, _ samples: FileSamples, vocabulary: Int?) throws(DataError) {
        let largest = largestByPlace(samples)
        let (even, odd) = (max(largest[0], largest[2]), max(largest[1], largest[3]))
        let hasUpperHalves =
            odd == 0 && even > 0
            || vocabulary == nil && odd < 16 && even >= 4096 && file.size >= FileSamples.pieceSize
        let needsWide = (vocabulary ?? 0) > 1 << 16
        let isWide = needsWide || hasUpperHalves && file.size >= 8 && file.size.isMultiple(of: 4)
        width = isWide ? 4 : 2
        guard file.size.isMultiple(of: width) else {
            throw .damaged(
                file.path, at: file.size - file.size % width, "\(file.size) bytes are not whole tokens of \(width)",
                advice: "give little-endian \(8 * width)-bit tokens")
        }
        guard !(isWide && largest[0] > 0 && largest[1...].allSatisfy { $0 == 0 } && file.size.isMultiple(of: 8)) else {
            throw .damaged(
                file.path, at: 0, "three of four 16-bit numbers are 0, as in a file of 64-bit integers",
                advice: "save the tokens by numpy.save, whose files say their type")
        }
        (start, isSigned, count) = (0, false, file.size / width)
        origin =
            "they are read as \(8 * width)-bit, "
            + (needsWide
                ? "which the vocabulary needs"
                : isWide ? "every second 16-bit number being small" : "every second 16-bit number being like the others")
            + "; files of numpy.save say their type"
    }

    func integers(_ bytes: [UInt8]) -> [Int] {
        switch (width, isSigned) {
        case (1, false): integers(bytes, UInt8.self)
        case (1, true): integers(bytes, Int8.self)
        case (2, false): integers(bytes, UInt16.self)
        case (2, true): integers(bytes, Int16.self)
        case (4, false): integers(bytes, UInt32.self)
        case (4, true): integers(bytes, Int32.self)
        default: integers(bytes, Int64.self)
        }
    }

    private func integers<Stored: FixedWidthInteger>(_ bytes: [UInt8], _: Stored.Type) -> [Int] {
        bytes.withUnsafeBytes { raw in
            (0..<raw.count / width).map {
                Int(truncatingIfNeeded: Stored(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * width, as: Stored.self)))
            }
        }
    }

    /// As it stands in the file: unsigned 64 bits do not fit an Int.
    func text(of token: Int) -> String { isSigned ? "\(token)" : "\(UInt64(bitPattern: Int64(token)))" }
}

/// The largest 16-bit numbers at the places that are 0, 1, 2 and 3 modulo 4.
private func largestByPlace(_ samples: FileSamples) -> [UInt16] {
    var largest: [UInt16] = [0, 0, 0, 0]
    for piece in samples.pieces {
        for place in 0..<piece.bytes.count / 2 {
            let number = UInt16(piece.bytes[2 * place]) | UInt16(piece.bytes[2 * place + 1]) << 8
            largest[place & 3] = max(largest[place & 3], number)
        }
    }
    return largest
}
