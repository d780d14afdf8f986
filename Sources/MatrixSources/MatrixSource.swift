import Files
import Foundation
import HDF5Store
import MatrixCore

/// A file that holds matrices: a list of named entries, and a reader of each.
///
/// Opening one checks whatever the file says of itself, before anything is allocated for it. Values are read when they are
/// asked for, of that entry alone. Methods may be called from any thread.
public protocol MatrixSource: Sendable {
    var path: String { get }

    /// Bytes of the file.
    var fileBytes: Int { get }

    /// Every entry once, under its first name, in the order of `MatrixEntry.precedes`.
    var entries: [MatrixEntry] { get }

    /// The entry of a name, which may be another than its first; nil where there is none.
    func entry(named name: String) -> MatrixEntry?

    /// The entries below a group by every name that they have; where these are too many the first ones, and `isWhole` is
    /// false.
    ///
    /// - Parameter group: the name without the slash behind it; "" is the root.
    func entries(below group: String) -> (entries: [MatrixEntry], isWhole: Bool)

    /// Names that lead to nothing.
    var unreached: [UnreachedName] { get }

    /// What the file says of an entry, or of itself under the name "", beside the values.
    ///
    /// - Throws: `SourceError`.
    func attributes(of name: String) throws -> Attributes

    /// One attribute; nil where there is none.
    func attribute(_ attribute: String, of name: String) throws -> AttributeValue?

    /// The values of an entry, the last index running fastest. Every conversion to double is exact.
    ///
    /// - Throws: `SourceError` where the type is not read or the values are damaged, missing or too many.
    func values(of entry: MatrixEntry) throws -> [Double]
}

/// A name that leads to nothing: a link to what is not there, or to what cannot be read.
public struct UnreachedName: Sendable {
    public let name: String
    public let error: SourceError
    /// Whether nothing is missing that this file should hold: what it links to is not there, or no file of matrices.
    public let isHarmless: Bool
}

// What a format does not have: several names of one array, links, attributes.
extension MatrixSource {
    public func entry(named name: String) -> MatrixEntry? {
        let name = ExactName(String(Substring(name.utf8.drop { $0 == UInt8(ascii: "/") })))
        return entries.first { ExactName($0.name) == name }
    }

    public func entries(below group: String) -> (entries: [MatrixEntry], isWhole: Bool) {
        let prefix = group.isEmpty ? "" : group + "/"
        return (entries.filter { $0.name.utf8.starts(with: prefix.utf8) }, true)
    }

    public var unreached: [UnreachedName] { [] }

    public func attributes(of name: String) throws -> Attributes { [:] }

    public func attribute(_ attribute: String, of name: String) throws -> AttributeValue? {
        try attributes(of: name)[attribute]
    }
}

extension MatrixSource {
    /// The entry of a name.
    ///
    /// - Throws: `SourceError` where there is none, with what a link of that name says.
    public func requireEntry(named name: String) throws(SourceError) -> MatrixEntry {
        if let entry = entry(named: name) { return entry }
        if let link = unreached.first(where: { ExactName($0.name) == ExactName(name) }) { throw link.error }
        throw SourceError(
            .noSuchInput, file: path, entry: name, "no such data set",
            advice: ": \(Glob(name).hint(among: entries.map(\.name)))'fourthroot inspect' lists what it holds")
    }

    /// A two-dimensional entry without moving its values: element (i, j) of the matrix is the entry's [j, i].
    ///
    /// - Throws: `SourceError`, also for another shape.
    public func rowsAsColumns(of entry: MatrixEntry) throws -> Matrix<Double> {
        guard entry.shape.count == 2, !entry.shape.contains(0) else {
            throw error(entry.name, "has the shape \(entry.shapeText) and is no matrix", advice: "; name a matrix")
        }
        return Matrix(rows: entry.shape[1], columns: entry.shape[0], elements: try values(of: entry))
    }

    func error(_ entry: String?, _ problem: String, advice: String? = nil) -> SourceError {
        SourceError(.wrongData, file: path, entry: entry, problem, advice: advice)
    }

    /// The number of values, which must be of a type that is read and fit this machine, as stored and as double.
    func checkedCount(_ entry: MatrixEntry) throws(SourceError) -> Int {
        if let failure = entry.failure { throw failure }
        guard entry.type.isReadableAsMatrix, let bytes = entry.type.byteCount else {
            throw error(entry.name, "is of type \(entry.type), not a float of 16, 32 or 64 bits")
        }
        let physical = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        guard let count = entry.count, count <= physical / (bytes + MemoryLayout<Double>.size) else {
            throw error(entry.name, "its shape \(entry.shapeText) needs more memory than this machine has")
        }
        return count
    }
}

extension [MatrixEntry] {
    /// In the order of `MatrixEntry.precedes`, each name once and an array of its own.
    ///
    /// - Throws: `SourceError` where a name occurs twice: which of the two is meant, nobody knows.
    func inOrder(_ path: String) throws(SourceError) -> [MatrixEntry] {
        var sorted = sorted { MatrixEntry.precedes($0.name, $1.name) }
        for index in sorted.indices { sorted[index].object = index }
        for (former, next) in zip(sorted, sorted.dropFirst()) where ExactName(former.name) == ExactName(next.name) {
            throw SourceError(.wrongData, file: path, entry: next.name, "occurs twice", advice: "; write the file again")
        }
        return sorted
    }
}
