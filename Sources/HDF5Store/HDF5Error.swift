/// A failure at an HDF5 file: which file, which object in it, what is wrong, what to do, and the library's own words.
public struct HDF5Error: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, in the classes that a program answers differently.
    public enum Kind: String, Sendable, CaseIterable {
        /// No file of that name.
        case notFound
        /// The file is there but cannot be opened or read: permission, a directory, locked by a writer, a read error.
        case unreadable
        /// The signature is missing; empty files too.
        case notHDF5
        /// An HDF5 file that is truncated or damaged.
        case corrupt
        /// Written in a format that the installed library does not know yet; a damaged version number looks the same.
        case newerFormat
        /// Values that nobody wrote, for which the library would give a fill value.
        case unwritten
        /// No such data set, group or attribute.
        case noSuchObject
        /// Not of a numeric type that is read here.
        case wrongType
        /// Not two-dimensional, not square, or of order 0.
        case wrongShape
        /// Compressed by a filter that the installed library lacks.
        case missingFilter
        /// The shape needs more memory than the machine has.
        case tooLarge
        /// The output cannot be created.
        case cannotCreate
        /// Writing, flushing or closing failed.
        case writeFailed
    }

    public let kind: Kind
    public let file: String
    /// The path inside the file, without a leading slash; nil where the file as a whole is meant.
    public let object: String?
    public let problem: String
    public let advice: String
    /// Innermost and outermost message of HDF5's error stack, or the system's message.
    public let cause: String?

    public init(
        kind: Kind, file: String, object: String? = nil, problem: String, advice: String? = nil, cause: String? = nil
    ) {
        self.kind = kind
        self.file = file
        self.object = object
        self.problem = problem
        self.advice = advice ?? kind.usualAdvice
        self.cause = cause
    }

    /// The same failure of an object that goes by another path.
    func naming(_ object: String) -> HDF5Error {
        HDF5Error(kind: kind, file: file, object: object, problem: problem, advice: advice, cause: cause)
    }

    public var description: String {
        let place = object.map { "\(file): \($0.isEmpty ? "/" : $0)" } ?? file
        return "\(place): \(explanation)"
    }

    /// The description without file and object.
    public var explanation: String { "\(problem)\(cause.map { " (\($0))" } ?? ""); \(advice)" }
}

extension HDF5Error.Kind {
    fileprivate var usualAdvice: String {
        switch self {
        case .notFound: "check the path"
        case .unreadable: "check that it is a file you may read and that no program is writing it"
        case .notHDF5: "give a file written by HDF5 (h5py, h5dump and others)"
        case .corrupt: "copy or write the file again"
        case .newerFormat:
            "write it for older readers (libver=('earliest', 'v110') in h5py) or convert it by 'h5repack --high=V110'"
        case .unwritten: "restore what is missing, or write the set again"
        case .noSuchObject: "list the file's contents for the names it has"
        case .wrongType: "store it as float32 or float64"
        case .wrongShape: "store it as a square two-dimensional set"
        case .missingFilter: "store it uncompressed or with gzip, for instance by h5repack -f GZIP=4"
        case .tooLarge: "split it, or use a machine with more memory"
        case .cannotCreate: "check the folder, its permissions and that nothing is in the way"
        case .writeFailed: "check the free space and the disk"
        }
    }
}
