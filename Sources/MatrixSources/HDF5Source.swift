import HDF5Store
import MatrixCore

/// An HDF5 file: links of every kind, attributes, and whatever else the library reads.
struct HDF5Source: MatrixSource {
    private let file: HDF5File
    private let listing: HDF5Listing
    let entries: [MatrixEntry]

    /// - Throws: `HDF5Error`.
    init(_ path: String) throws {
        file = try HDF5File.open(path)
        listing = try file.listing()
        entries = listing.datasets.map { MatrixEntry($0) }
    }

    var path: String { file.path }
    var fileBytes: Int { file.fileBytes }

    func entry(named name: String) -> MatrixEntry? { listing.dataset(at: name).map { MatrixEntry($0) } }

    func entries(below group: String) -> (entries: [MatrixEntry], isWhole: Bool) {
        let (datasets, isWhole) = listing.datasets(below: group)
        return (datasets.map { MatrixEntry($0) }, isWhole)
    }

    var unreached: [UnreachedName] {
        listing.unreached.map {
            UnreachedName(
                name: $0.object ?? "", error: SourceError($0), isHarmless: $0.kind == .noSuchObject || $0.kind == .notHDF5)
        }
    }

    func attributes(of name: String) throws -> Attributes { try asSourceError { try file.attributes(of: name) } }

    func attribute(_ attribute: String, of name: String) throws -> AttributeValue? {
        try asSourceError { try file.attribute(attribute, of: name) }
    }

    func values(of entry: MatrixEntry) throws -> [Double] {
        if let failure = entry.failure { throw failure }
        return try asSourceError {
            guard entry.shape.count == 2 else { return try file.readArray(entry.name, as: Double.self).values }
            return try file.readRowsAsColumns(entry.name, as: Double.self).elements
        }
    }
}

extension MatrixEntry {
    fileprivate init(_ dataset: DatasetDescription) {
        self.init(
            name: dataset.name, shape: dataset.shape, type: dataset.elementType, storedBytes: dataset.storedBytes,
            filters: dataset.filters, failure: dataset.failure.map { SourceError($0) }, object: dataset.object)
    }
}

/// What `body` returns; an error of HDF5 becomes one of sources.
func asSourceError<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as HDF5Error { throw SourceError(error) }
}

extension SourceError {
    init(_ error: HDF5Error) {
        let kind: Kind =
            switch error.kind {
            case .notFound, .unreadable, .noSuchObject: .noSuchInput
            case .writeFailed, .cannotCreate: .readFailed
            case .notHDF5, .corrupt, .newerFormat, .unwritten, .wrongType, .wrongShape, .missingFilter, .tooLarge: .wrongData
            }
        let cause = error.cause.map { " (\($0))" } ?? ""
        // The library is the last to be asked: the file is of no other format either.
        let isUnknown = error.kind == .notHDF5 && error.object == nil && error.problem != "is empty"
        self.init(
            kind, file: error.file, entry: error.object,
            error.problem + (isUnknown ? ", nor of another format that is read" : ""),
            advice: "\(cause); \(isUnknown ? "give a file of \(SourceFormat.names)" : error.advice)")
    }
}
