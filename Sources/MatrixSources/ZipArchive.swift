import Files

/// The members of a zip archive, stored or deflated, and their bytes.
///
/// What the directory claims is held against the file before it is used: every member lies before the directory, under the
/// name that the directory gives it, and none where another lies.
///
/// Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 (records), 4.4 (fields) and 4.5.3 (zip64).
struct ZipArchive: Sendable {
    struct Member: Sendable {
        let name: [UInt8]
        fileprivate let flags, method: Int
        fileprivate let checksum: UInt32
        /// Bytes in the file.
        let storedBytes: Int
        /// Bytes of the content.
        let bytes: Int
        fileprivate let header: Int
        fileprivate(set) var start = 0

        var isDeflated: Bool { method == 8 }

        /// Why its content is not read; nil where it is.
        var refusal: String? {
            if flags & 0x2041 != 0 { return "is encrypted" }
            return method == 0 || method == 8 ? nil : "is compressed by zip's method \(method), only deflate is read"
        }
    }

    let file: ReadableFile
    private(set) var members: [Member] = []

    private static let largestDirectory = 1 << 26

    /// - Throws: `SourceError`.
    init(_ path: String) throws(SourceError) {
        do { file = try ReadableFile(path) } catch { throw SourceError(error) }
        let (start, bytes, count) = try directory()
        let records = try file.values(at: start, count: bytes)
        var position = 0
        for _ in 0..<count { members.append(try member(records, &position)) }
        for index in members.indices { try locate(&members[index], before: start) }
        let sorted = members.sorted { $0.header < $1.header }
        for (former, next) in zip(sorted, sorted.dropFirst()) where former.start + former.storedBytes > next.header {
            throw damage("its members \(shown(former.name)) and \(shown(next.name)) lie in one place")
        }
    }

    /// Where the directory is, by the record at the archive's end, behind which is a comment at most.
    private func directory() throws(SourceError) -> (start: Int, bytes: Int, count: Int) {
        let size = min(file.size, 22 + 0xFFFF + 20)
        let first = file.size - size
        let tail = try file.values(at: first, count: size)
        let end = stride(from: size - 22, through: 0, by: -1).first {
            tail.has("PK\u{5}\u{6}", at: $0) && $0 + 22 + tail.number(at: $0 + 20, 2) == size
        }
        guard let end else { throw damage("it has no end, and is truncated") }
        var (count, bytes, start) = (tail.number(at: end + 10, 2), tail.number(at: end + 12, 4), tail.number(at: end + 16, 4))
        var limit = first + end
        if count == 0xFFFF || bytes == 0xFFFF_FFFF || start == 0xFFFF_FFFF, end >= 20, tail.has("PK\u{6}\u{7}", at: end - 20) {
            limit = tail.number(at: end - 12, 8)
            guard limit <= first + end - 76 else { throw damage("its zip64 record is outside it") }
            let record = try file.values(at: limit, count: 56)
            guard record.has("PK\u{6}\u{6}", at: 0) else { throw damage("its zip64 record is none") }
            (count, bytes, start) = (record.number(at: 32, 8), record.number(at: 40, 8), record.number(at: 48, 8))
        }
        guard bytes <= limit, start == limit - bytes, bytes <= ZipArchive.largestDirectory, count <= bytes / 46 else {
            throw damage("its directory of \(count) members in \(bytes) bytes at \(start) is not in its place")
        }
        return (start, bytes, count)
    }

    /// The next record of the directory.
    private func member(_ records: [UInt8], _ position: inout Int) throws(SourceError) -> Member {
        let begin = position
        guard records.has("PK\u{1}\u{2}", at: begin), begin + 46 <= records.count else {
            throw damage("its directory is damaged")
        }
        let lengths = [28, 30, 32].map { records.number(at: begin + $0, 2) }
        position = begin + 46 + lengths.reduce(0, +)
        guard position <= records.count else { throw damage("its directory ends too early") }
        let name = Array(records[begin + 46..<begin + 46 + lengths[0]])
        let extra = records[begin + 46 + lengths[0]..<begin + 46 + lengths[0] + lengths[1]]
        // Of these, those that have no room here are in zip64's field, in this order.
        var sizes = [24, 20, 42].map { records.number(at: begin + $0, 4) }
        var wide = zip64Field(Array(extra))
        for index in sizes.indices where sizes[index] == 0xFFFF_FFFF {
            guard wide.count >= 8 else { throw damage("\(shown(name)) has no zip64 sizes") }
            sizes[index] = Array(wide.prefix(8)).number(at: 0, 8)
            wide.removeFirst(8)
        }
        return Member(
            name: name, flags: records.number(at: begin + 8, 2), method: records.number(at: begin + 10, 2),
            checksum: UInt32(truncatingIfNeeded: records.number(at: begin + 16, 4)), storedBytes: sizes[1], bytes: sizes[0],
            header: sizes[2])
    }

    /// The content of the extra field 1; empty where there is none.
    private func zip64Field(_ extra: [UInt8]) -> [UInt8] {
        var position = 0
        while position + 4 <= extra.count {
            let (kind, length) = (extra.number(at: position, 2), extra.number(at: position + 2, 2))
            if kind == 1 { return Array(extra.dropFirst(position + 4).prefix(length)) }
            position += 4 + length
        }
        return []
    }

    /// Finds the content behind the member's own header.
    private func locate(_ member: inout Member, before directory: Int) throws(SourceError) {
        let fixed = 30 + member.name.count
        guard member.header <= directory - fixed else { throw damage("\(shown(member.name)) lies outside it") }
        let header = try file.values(at: member.header, count: fixed)
        guard header.has("PK\u{3}\u{4}", at: 0), header.number(at: 26, 2) == member.name.count,
            header[30...].elementsEqual(member.name)
        else { throw damage("\(shown(member.name)) is not where the directory says") }
        member.start = member.header + fixed + header.number(at: 28, 2)
        guard member.start <= directory, member.storedBytes <= directory - member.start,
            member.isDeflated || member.refusal != nil || member.bytes == member.storedBytes
        else { throw damage("\(shown(member.name)) claims \(member.storedBytes) bytes that the archive has no room for") }
    }

    private func shown(_ name: [UInt8]) -> String { String(decoding: name.prefix(200), as: UTF8.self) }

    private func damage(_ problem: String) -> SourceError {
        SourceError(.wrongData, file: file.path, problem, advice: "; the archive is damaged, copy or write it again")
    }
}

/// The content of a member, front to back. Not thread-safe.
final class ZipMemberReader {
    private let file: ReadableFile
    private let member: ZipArchive.Member
    private let name: String
    private let inflation: Inflation?
    private var input: ArraySlice<UInt8> = []
    /// Stored bytes that were read, and content that was given.
    private var (taken, given) = (0, 0)
    private var checksum: UInt32 = 0
    private var hasEnded = false

    init(_ archive: ZipArchive, _ member: ZipArchive.Member, name: String) {
        file = archive.file
        self.member = member
        self.name = name
        inflation = member.isDeflated ? Inflation(.raw) : nil
    }

    /// The bytes that follow, so many.
    ///
    /// - Throws: `SourceError` where there are not so many, or they are damaged.
    func next(_ count: Int) throws(SourceError) -> [UInt8] {
        guard count <= member.bytes - given else { throw damage("ends too early") }
        var bytes: [UInt8]
        if let inflation {
            bytes = [UInt8](repeating: 0, count: count)
            var filled = 0
            while filled < count { filled += try inflate(inflation, into: &bytes, from: filled) }
        } else {
            bytes = try file.values(at: member.start + taken, count: count)
            taken += count
        }
        checksum = bytes.withUnsafeBytes { crc32($0, after: checksum) }
        given += count
        return bytes
    }

    /// - Throws: `SourceError` where the content goes on, or is not what its checksum says.
    func finish() throws(SourceError) {
        var one: [UInt8] = [0]
        if let inflation {
            while !hasEnded {
                guard try inflate(inflation, into: &one, from: 0) == 0 else { throw damage("goes on behind its end") }
            }
        }
        guard given == member.bytes, checksum == member.checksum else { throw damage("is not what its checksum says") }
    }

    private func inflate(_ inflation: Inflation, into bytes: inout [UInt8], from filled: Int) throws(SourceError) -> Int {
        if input.isEmpty && taken < member.storedBytes {
            let part = min(1 << 18, member.storedBytes - taken)
            input = try file.values(at: member.start + taken, count: part)[...]
            taken += part
        }
        let step = input.withUnsafeBytes { source in
            bytes.withUnsafeMutableBytes {
                inflation.step(source, into: UnsafeMutableRawBufferPointer(rebasing: $0[filled...]))
            }
        }
        input = input.dropFirst(step.consumed)
        hasEnded = step.outcome == .end
        switch step.outcome {
        case .damaged(let words): throw damage("is damaged (\(words))")
        case .end where step.produced < bytes.count - filled && given + filled + step.produced < member.bytes:
            throw damage("ends too early")
        case .starved where input.isEmpty && taken == member.storedBytes: throw damage("ends too early")
        case .more, .end, .starved: return step.produced
        }
    }

    private func damage(_ problem: String) -> SourceError {
        SourceError(
            .wrongData, file: file.path, entry: name, problem, advice: "; the archive is damaged, copy or write it again")
    }
}

extension [UInt8] {
    /// Whether these characters stand at a place.
    fileprivate func has(_ mark: String, at position: Int) -> Bool {
        position <= count && self[position...].starts(with: mark.utf8)
    }

    /// A little-endian number of at most 8 bytes; the largest of all where it is beyond them.
    fileprivate func number(at position: Int, _ bytes: Int) -> Int {
        Int(clamping: (0..<bytes).reduce(UInt64(0)) { $0 | UInt64(self[position + $1]) << UInt64(8 * $1) })
    }
}
