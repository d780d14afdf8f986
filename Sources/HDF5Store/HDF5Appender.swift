import CHDF5
import Foundation

/// A file that grows step by step and is whole after every step, for the dump of a training run.
///
/// Between steps the file is closed, so other programs can read it. A step that fails leaves the file as it was; a
/// process killed leaves every finished one. (Killed within the few writes that link a step, it could damage their
/// group; that did not happen in 700 kills at random moments of incessant appending.)
public final class HDF5Appender {
    public let path: String

    /// Opens a file for appending, or makes one.
    ///
    /// - Throws: `HDF5Error`: `cannotCreate`, or the kinds of `HDF5File.open` for a file that is there.
    public init(path: String) throws {
        self.path = path
        let place = ObjectPlace(file: path)
        var status = stat()
        if stat(path, &status) == 0 {
            _ = try HDF5File.open(path)
            return
        }
        try HDF5Library.locked {
            let file = try createWritableFile(at: path, place)
            do {
                try flushAndClose(file, place)
            } catch {
                discard(file)
                unlink(path)
                throw error
            }
        }
    }

    /// Writes one step: all of `body`, on the disk when this returns.
    ///
    /// - Throws: `HDF5Error` of kind `cannotCreate` (no longer writable, or another program has it open) or
    ///   `writeFailed`, or the error of `body`; the file is then what it was before.
    public func append<Result>(_ body: (HDF5Writer) throws -> Result) throws -> Result {
        let place = ObjectPlace(file: path)
        let file = try HDF5Library.locked {
            let access = try writingAccess(place)
            let file = try place.check(
                H5Fopen(path, fourthroot_h5_read_write(), access.raw), "cannot be opened for appending",
                kind: .cannotCreate)
            keepFromChildren(file)
            return file
        }
        var status = stat()
        stat(path, &status)
        let writer = HDF5Writer(path: path, identifier: file, isAppending: true)
        defer { writer.invalidate() }
        do {
            let result = try body(writer)
            try HDF5Library.locked {
                try flush(file, place)
                try writer.linkStaged()
                try flushAndClose(file, place)
            }
            return result
        } catch {
            HDF5Library.locked { discard(file) }
            // The chunks of the step lie behind the old end; nothing refers to them.
            truncate(path, status.st_size)
            throw error
        }
    }
}
