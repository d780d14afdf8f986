import Files
import MatrixCore

extension SourceFormat {
    /// A file of NumPy's `savez`: a zip archive of arrays, each under its name without `.npy`.
    static let numPyArchive = SourceFormat(
        name: "npz",
        recognizes: { start, _ in start.starts(with: "PK\u{3}\u{4}".utf8) || start.starts(with: "PK\u{5}\u{6}".utf8) },
        open: { try NumPyArchiveSource($0) })
}

/// Arrays in NumPy's format in a zip archive.
struct NumPyArchiveSource: MatrixSource {
    private let archive: ZipArchive
    private var arrays: [ExactName: (member: ZipArchive.Member, array: NumPyArray)] = [:]
    private(set) var entries: [MatrixEntry] = []

    /// - Throws: `SourceError` for the archive as a whole; a member that is wrong is an entry that says so.
    init(_ path: String) throws(SourceError) {
        archive = try ZipArchive(path)
        for member in archive.members where member.name.last != UInt8(ascii: "/") { entries.append(try entry(of: member)) }
        entries = try entries.inOrder(path)
    }

    var path: String { archive.file.path }
    var fileBytes: Int { archive.file.size }

    private mutating func entry(of member: ZipArchive.Member) throws(SourceError) -> MatrixEntry {
        guard let fullName = String(validating: member.name, as: UTF8.self) else {
            let name = printable(member.name)
            return MatrixEntry(name: name, failure: error(name, "its name is not UTF-8", advice: "; rename it"))
        }
        let suffix = Array(".npy".utf8)
        guard member.name.suffix(suffix.count).elementsEqual(suffix) else {
            return MatrixEntry(name: fullName, shape: [], type: .other("no NumPy array"), storedBytes: member.storedBytes)
        }
        let name = String(fullName.dropLast(suffix.count))
        do {
            if let refusal = member.refusal {
                throw error(name, refusal, advice: "; save it by numpy.savez or numpy.savez_compressed")
            }
            let reader = ZipMemberReader(archive, member, name: name)
            let start = try reader.next(min(NumPyHeader.startSize, member.bytes))
            guard start.starts(with: NumPyHeader.magic) else { throw error(name, "is not in NumPy's format") }
            let size = min(try NumPyHeader.size(start), NumPyHeader.largestSize, member.bytes)
            let array = try NumPyArray(NumPyHeader(start + reader.next(max(0, size - start.count))))
            try array.requireBytes(member.bytes)
            arrays[ExactName(name)] = (member, array)
            return MatrixEntry(
                name: name, shape: array.shape, type: array.type, storedBytes: member.storedBytes,
                filters: member.isDeflated ? ["deflate"] : [])
        } catch let failure as SourceError {
            return MatrixEntry(name: name, failure: failure)
        } catch let failure as NumPyHeaderError {
            return MatrixEntry(name: name, failure: SourceError(failure, file: path, entry: name))
        } catch {
            throw self.error(name, "\(error)")
        }
    }

    func values(of entry: MatrixEntry) throws -> [Double] {
        if let failure = entry.failure { throw failure }
        guard let (member, array) = arrays[ExactName(entry.name)] else {
            throw error(entry.name, "is no NumPy array", advice: "; name an array")
        }
        let count = try array.checkedCount(entry, of: self)
        guard Expansion.isPaid(values: count, bytes: member.bytes, by: member.storedBytes) else {
            throw error(
                entry.name,
                "holds \(member.storedBytes) bytes from which \(member.bytes) would come, and of so far compressed "
                    + "values \(Expansion.freeValues) are read", advice: "; if it is meant, save it by numpy.savez")
        }
        let reader = ZipMemberReader(archive, member, name: entry.name)
        _ = try reader.next(array.header.size)
        let values = try array.values(count: count) { count throws(SourceError) in try reader.next(count) }
        try reader.finish()
        return values
    }
}

/// Bytes that are no text, as one.
private func printable(_ bytes: [UInt8]) -> String { String(decoding: bytes.prefix(200), as: UTF8.self) }
