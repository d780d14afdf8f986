import CHDF5
import Foundation
import Synchronization

/// The temporary files under way. Global, because a signal concerns the process as a whole.
private enum UnfinishedFiles {
    static let paths = Mutex<Set<String>>([])
}

extension HDF5File {
    /// Makes a file that appears whole or not at all.
    ///
    /// `body` writes to a temporary file in the same folder, which is then flushed, synchronized with the disk and
    /// renamed. When anything fails, `body` included, the temporary file is removed and `path` stays as it was.
    ///
    /// - Parameter overwriting: whether a regular file at `path` is replaced.
    /// - Returns: what `body` returns.
    /// - Throws: `HDF5Error` of kind `cannotCreate` or `writeFailed`, or the error of `body`.
    public static func create<Result>(
        at path: String, overwriting: Bool, _ body: (HDF5Writer) throws -> Result
    ) throws -> Result {
        let place = ObjectPlace(file: path)
        try checkDestination(place, overwriting: overwriting)
        let temporary = temporaryPath(for: path)
        UnfinishedFiles.paths.withLock { _ = $0.insert(temporary) }
        defer { UnfinishedFiles.paths.withLock { _ = $0.remove(temporary) } }
        do {
            let result = try write(at: temporary, place, body)
            try checkDestination(place, overwriting: overwriting)
            guard rename(temporary, path) == 0 else { throw systemError(.writeFailed, path, "cannot be renamed") }
            synchronizeFolder(of: path)
            return result
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Removes what `create` has begun and not finished in this process, for a program that ends in the middle of it.
    public static func removeUnfinished() {
        for path in UnfinishedFiles.paths.withLock({ $0 }) { unlink(path) }
    }

    /// Writes, flushes and closes the temporary file.
    private static func write<Result>(
        at temporary: String, _ place: ObjectPlace, _ body: (HDF5Writer) throws -> Result
    ) throws -> Result {
        let file = try HDF5Library.locked { try createWritableFile(at: temporary, place) }
        let writer = HDF5Writer(path: place.file, identifier: file, isAppending: false)
        do {
            let result = try body(writer)
            writer.invalidate()
            try HDF5Library.locked { try flushAndClose(file, place) }
            return result
        } catch {
            writer.invalidate()
            HDF5Library.locked { discard(file) }
            throw error
        }
    }

    private static func checkDestination(_ place: ObjectPlace, overwriting: Bool) throws {
        var status = stat()
        guard stat(place.file, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw place.error(.cannotCreate, "is there and not a regular file", advice: "give another name")
        }
        guard overwriting else {
            throw place.error(.cannotCreate, "is there already", advice: "remove it or allow overwriting")
        }
    }

    private static func temporaryPath(for path: String) -> String {
        let url = URL(fileURLWithPath: path)
        let name = ".\(url.lastPathComponent).\(getpid()).\(UInt32.random(in: 0 ... .max)).partial"
        return url.deletingLastPathComponent().appendingPathComponent(name).path
    }

    private static func synchronizeFolder(of path: String) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let descriptor = Foundation.open(folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        // Some file systems cannot; the file itself is safe by then.
        fsync(descriptor)
        close(descriptor)
    }
}

func systemError(_ kind: HDF5Error.Kind, _ path: String, _ problem: String) -> HDF5Error {
    HDF5Error(kind: kind, file: path, problem: problem, cause: systemMessage())
}

/// Makes and opens a file that must not be there yet.
func createWritableFile(at path: String, _ place: ObjectPlace) throws -> hid_t {
    let creation = try place.take(
        H5Pcreate(fourthroot_h5_file_create_class()), "no creation list", kind: .cannotCreate)
    try place.check(H5Pset_obj_track_times(creation.raw, false), "cannot be created", kind: .cannotCreate)
    let access = try writingAccess(place)
    let file = try place.check(
        H5Fcreate(path, fourthroot_h5_exclusive(), creation.raw, access.raw), "cannot be created", kind: .cannotCreate)
    keepFromChildren(file)
    return file
}

/// How files are opened for writing: in the format of 1.8, whose headers carry checksums, which every reader since
/// knows, and which has no mark of a file left open that a killed process would leave behind.
func writingAccess(_ place: ObjectPlace) throws -> Identifier {
    let access = try place.take(
        H5Pcreate(fourthroot_h5_file_access_class()), "no file access list", kind: .cannotCreate)
    let problem = "cannot be opened for writing"
    try place.check(H5Pset_fclose_degree(access.raw, H5F_CLOSE_STRONG), problem, kind: .cannotCreate)
    try place.check(H5Pset_file_locking(access.raw, true, true), problem, kind: .cannotCreate)
    try place.check(
        H5Pset_libver_bounds(access.raw, H5F_LIBVER_V18, H5F_LIBVER_V18), problem, kind: .cannotCreate)
    try place.check(fourthroot_h5_hold_metadata(access.raw), problem, kind: .cannotCreate)
    // Space taken in advance is given back on closing: the file shrinks before its header says so, and a process
    // killed in between leaves what looks like a truncated file.
    try place.check(H5Pset_meta_block_size(access.raw, 0), problem, kind: .cannotCreate)
    try place.check(H5Pset_small_data_block_size(access.raw, 0), problem, kind: .cannotCreate)
    return access
}

/// The descriptor under an open file, nil where there is none.
func fileDescriptor(of file: hid_t) -> Int32? {
    var handle: UnsafeMutableRawPointer?
    guard H5Fget_vfd_handle(file, fourthroot_h5_default(), &handle) >= 0 else { return nil }
    return handle?.load(as: Int32.self)
}

/// A child process that inherited an open file would hold its lock for as long as it lives; the library does not say
/// so to the system itself.
func keepFromChildren(_ file: hid_t) {
    if let descriptor = fileDescriptor(of: file) { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
}

/// Everything to the disk, and the disk asked to keep it.
///
/// Space for the metadata is reserved first: on a full disk, flushing would overwrite old metadata and then fail to
/// write the new ones that these refer to.
func flush(_ file: hid_t, _ place: ObjectPlace) throws {
    var end: haddr_t = 0
    try place.check(H5Fget_eoa(file, &end), "cannot be flushed", kind: .writeFailed)
    guard let descriptor = fileDescriptor(of: file) else {
        throw place.libraryError(.writeFailed, "cannot be flushed")
    }
    let refusal = posix_fallocate(descriptor, 0, off_t(clamping: end))
    if refusal == ENOSPC || refusal == EFBIG || refusal == EDQUOT {
        throw HDF5Error(
            kind: .writeFailed, file: place.file, problem: "cannot be written", cause: systemMessage(refusal))
    }
    try place.check(H5Fflush(file, H5F_SCOPE_GLOBAL), "cannot be flushed", kind: .writeFailed)
    guard fsync(descriptor) == 0 else { throw systemError(.writeFailed, place.file, "cannot be synchronized") }
}

func flushAndClose(_ file: hid_t, _ place: ObjectPlace) throws {
    try flush(file, place)
    try place.check(H5Fclose(file), "cannot be closed", kind: .writeFailed)
}

/// Closes a file without writing what is still in memory.
///
/// HDF5 has no such call, closing flushes. So its descriptor is pointed at the null device first: a full disk is not
/// met again, nothing half written reaches the file, and the library lets go of everything.
func discard(_ file: hid_t) {
    guard H5Iis_valid(file) > 0 else { return }
    if let descriptor = fileDescriptor(of: file) {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        if null >= 0 {
            dup2(null, descriptor)
            close(null)
        }
    }
    _ = H5Fclose(file)
}
