import Files
import HDF5Store

/// A format of files that hold matrices.
public struct SourceFormat: Sendable {
    /// As people call it, which is also how the names of its files end.
    let name: String
    /// Whether a file that begins with these bytes, and has so many, is of the format.
    let recognizes: @Sendable (_ start: [UInt8], _ fileBytes: Int) -> Bool
    let open: @Sendable (_ path: String) throws -> any MatrixSource

    /// The formats that are told by their first bytes. A new one is a file of this folder and a line here.
    static let all: [SourceFormat] = [
        .safetensors,
        .numPyArray,
        .numPyArchive,
    ]

    /// What is read, in words: "HDF5, safetensors or npy".
    public static var names: String { (["HDF5"] + all.dropLast().map(\.name)).joined(separator: ", ") + " or " + lastName }

    private static var lastName: String { all.last?.name ?? "" }

    /// How the names of files end that may be of one of the formats.
    public static var fileExtensions: [String] { ["h5", "hdf5"] + all.map(\.name) }

    /// Opens a file of matrices.
    ///
    /// - Parameter examine: called before an HDF5 file is opened, whose library may crash on a damaged one; see `HDF5Probe`.
    /// - Throws: `SourceError`, or what `examine` throws.
    public static func open(
        _ path: String, examiningHDF5 examine: (String) throws -> Void = { _ in }
    ) throws -> any MatrixSource {
        // What cannot be read is the next one's to say.
        if let start = try? ReadableFile(path), let bytes = try? start.start(startSize),
            let format = all.first(where: { $0.recognizes(bytes, start.size) })
        {
            return try format.open(path)
        }
        return try asSourceError {
            try examine(path)
            return try HDF5Source(path)
        }
    }

    /// So many bytes tell a format.
    private static let startSize = 16
}

extension ReadableFile {
    /// As `bytes(at:count:)`, with the errors of sources.
    func values(at start: Int, count: Int) throws(SourceError) -> [UInt8] {
        do { return try bytes(at: start, count: count) } catch { throw SourceError(error) }
    }
}

extension SourceError {
    init(_ error: ReadingError) {
        self.init(error.kind == .readFailed ? .readFailed : .noSuchInput, file: error.path, error.problem)
    }
}
