import CHDF5
import Files
import Foundation

extension HDF5File {
    /// Makes a file that appears whole or not at all.
    ///
    /// `body` writes to a temporary file, which is then flushed, synchronized with the disk and named. When anything
    /// fails, `body` included, nothing of it is left and `path` stays as it was.
    ///
    /// - Parameter overwriting: whether a regular file at `path` is replaced.
    /// - Returns: what `body` returns.
    /// - Throws: `HDF5Error` of kind `cannotCreate` or `writeFailed`, or the error of `body`.
    public static func create<Result>(
        at path: String, overwriting: Bool, _ body: (HDF5Writer) throws -> Result
    ) throws -> Result {
        do {
            try OutputFile.requireWritable(path, overwrite: overwriting)
            let temporary = try TemporaryFile(for: path)
            let result = try write(to: temporary, ObjectPlace(file: path), body)
            try temporary.commit(overwriting: overwriting)
            return result
        } catch let error as OutputError {
            throw HDF5Error(
                kind: error.kind == .cannotCreate ? .cannotCreate : .writeFailed, file: path, problem: error.problem)
        }
    }

    /// Writes, flushes and closes the temporary file.
    private static func write<Result>(
        to temporary: TemporaryFile, _ place: ObjectPlace, _ body: (HDF5Writer) throws -> Result
    ) throws -> Result {
        let (file, stub) = try open(temporary, place)
        defer { withExtendedLifetime(stub) {} }
        let writer = HDF5Writer(path: place.file, identifier: file)
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

    /// Lets HDF5 write to a temporary file.
    ///
    /// - Returns: a stub beside the file, which must live as long as the file is open.
    private static func open(_ temporary: TemporaryFile, _ place: ObjectPlace) throws -> (hid_t, stub: TemporaryFile?) {
        if let name = temporary.name {
            return (try HDF5Library.locked { try createWritableFile(at: name, place, replacing: true) }, nil)
        }
        do {
            let folder = FileManager.default.temporaryDirectory
            return try open(temporary, stub: TemporaryFile(for: folder.appending(path: "stub").path, nameless: false), place)
        } catch {
            // The folder for temporary files is missing or full.
            return try open(temporary, stub: TemporaryFile(for: place.file, nameless: false), place)
        }
    }

    /// The library opens files by paths alone, and a file without a name has none that it follows. So it makes a stub,
    /// whose descriptor is then pointed at the nameless file.
    ///
    /// The stub stays open: the library tells files apart by their inode numbers, and this one must not be given to another.
    private static func open(
        _ temporary: TemporaryFile, stub: TemporaryFile, _ place: ObjectPlace
    ) throws -> (hid_t, stub: TemporaryFile?) {
        try HDF5Library.locked {
            let file = try createWritableFile(at: stub.name ?? place.file, place, replacing: true)
            stub.removeName()
            do {
                try temporary.file.truncate(to: 0)
                try temporary.file.write(stub.file.contents())
            } catch {
                discard(file)
                throw error
            }
            if let descriptor = fileDescriptor(of: file) { dup2(temporary.file.descriptor, descriptor) }
            keepFromChildren(file)
            return (file, stub)
        }
    }
}

func systemError(_ kind: HDF5Error.Kind, _ path: String, _ problem: String) -> HDF5Error {
    HDF5Error(kind: kind, file: path, problem: problem, cause: systemMessage())
}

/// Makes and opens a file.
///
/// - Parameter replacing: whether it takes the place of what a file of that name holds; if not, none may be there.
func createWritableFile(at path: String, _ place: ObjectPlace, replacing: Bool = false) throws -> hid_t {
    let creation = try place.take(
        H5Pcreate(fourthroot_h5_file_create_class()), "no creation list", kind: .cannotCreate)
    try place.check(H5Pset_obj_track_times(creation.raw, false), "cannot be created", kind: .cannotCreate)
    let access = try writingAccess(place)
    let file = try place.check(
        H5Fcreate(
            path, replacing ? fourthroot_h5_truncate() : fourthroot_h5_exclusive(), creation.raw, access.raw),
        "cannot be created", kind: .cannotCreate)
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
    // Space taken in advance would be given back on closing: without it the end of the file is known before, and space
    // can be reserved up to there.
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
/// Space for the metadata is reserved first: a full disk is then met by a call of the system, not in the middle of the
/// library's cache.
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
