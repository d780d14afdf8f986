import CHDF5
import Foundation

/// An HDF5 file open for reading.
///
/// Methods may be called from any thread; they take turns, since the library is serial. All of them throw `HDF5Error`.
/// The library itself has crashed on files damaged on purpose: see `HDF5Probe` before reading a file of unknown origin.
public final class HDF5File: Sendable {
    public let path: String
    /// The size of the file when it was opened, which nothing in it can exceed.
    public let fileBytes: Int
    /// The file by the numbers of the system, whatever its path.
    let device, inode: UInt64
    let identifier: hid_t
    /// Touched only inside `HDF5Library.locked`.
    nonisolated(unsafe) private var heap: GlobalHeap?

    private init(path: String, status: stat, identifier: hid_t) {
        self.path = path
        fileBytes = Int(status.st_size)
        (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino))
        self.identifier = identifier
    }

    deinit {
        let identifier = self.identifier
        HDF5Library.locked { _ = H5Fclose(identifier) }
    }

    /// Opens a file for reading.
    ///
    /// - Throws: `HDF5Error` of kind `notFound`, `unreadable`, `notHDF5`, `newerFormat` or `corrupt`.
    public static func open(_ path: String) throws -> HDF5File { try HDF5Library.locked { try opened(path) } }

    /// As `open`, inside `HDF5Library.locked`.
    static func opened(_ path: String) throws -> HDF5File {
        let place = ObjectPlace(file: path)
        let status = try statusOfReadableFile(place)
        guard status.st_size > 0 else { throw place.error(.notHDF5, "is empty") }
        let signature = try place.check(H5Fis_hdf5(path), "cannot be read", kind: .unreadable)
        guard signature > 0 else { throw place.error(.notHDF5, "is not an HDF5 file") }
        let access = try fileAccess(place)
        let raw = H5Fopen(path, fourthroot_h5_read_only(), access.raw)
        guard raw >= 0 else { throw openingError(place) }
        keepFromChildren(raw)
        return HDF5File(path: path, status: status, identifier: raw)
    }

    func place(_ object: String? = nil) -> ObjectPlace { ObjectPlace(file: path, object: object) }

    func globalHeap(_ place: ObjectPlace) throws -> GlobalHeap {
        if let heap { return heap }
        let opened = try GlobalHeap(file: identifier, bytes: fileBytes, place)
        heap = opened
        return opened
    }

    private static func openingError(_ place: ObjectPlace) -> HDF5Error {
        let error = place.libraryError(.corrupt, "cannot be opened, it is truncated or damaged")
        guard let cause = error.cause else { return error }
        // The mark that a writer of format 1.10 sets in the file, and takes away when it closes it.
        if cause.contains("already open for") {
            return HDF5Error(
                kind: .unreadable, file: place.file, problem: "is marked as open for writing",
                advice: "let its writer close it or, where that was killed, clear the mark with 'h5clear -s \(place.file)'",
                cause: cause)
        }
        guard error.kind == .unreadable || cause.contains("unable to lock") else { return error }
        return HDF5Error(kind: .unreadable, file: place.file, problem: "cannot be opened", cause: cause)
    }

    /// Everything opened through the file closes with it; a file system without locks is no obstacle.
    private static func fileAccess(_ place: ObjectPlace) throws -> Identifier {
        let access = try place.take(
            H5Pcreate(fourthroot_h5_file_access_class()), "no file access list", kind: .unreadable)
        try place.check(H5Pset_fclose_degree(access.raw, H5F_CLOSE_STRONG), "no close degree", kind: .unreadable)
        try place.check(H5Pset_file_locking(access.raw, true, true), "no file locking", kind: .unreadable)
        return access
    }

    /// What the system says of the path before the library sees it: HDF5 reports a missing file, a folder and a
    /// damaged file alike, and would wait for ever on a pipe.
    private static func statusOfReadableFile(_ place: ObjectPlace) throws -> stat {
        var status = stat()
        guard stat(place.file, &status) == 0 else {
            let missing = errno == ENOENT || errno == ENOTDIR
            throw HDF5Error(
                kind: missing ? .notFound : .unreadable, file: place.file,
                problem: missing ? "no such file" : "cannot be read", cause: missing ? nil : systemMessage())
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            let folder = status.st_mode & S_IFMT == S_IFDIR
            throw place.error(.unreadable, folder ? "is a folder" : "is not a regular file")
        }
        let descriptor = Foundation.open(place.file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw HDF5Error(
                kind: .unreadable, file: place.file, problem: "cannot be read", cause: systemMessage())
        }
        close(descriptor)
        return status
    }
}

/// What the system says of its last refusal.
func systemMessage(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }
