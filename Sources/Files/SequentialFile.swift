import Foundation

/// A file that is written front to back and can be made durable.
///
/// Not thread-safe; its owner serializes.
public final class SequentialFile {
    public let path: String
    /// Open as long as this value lives.
    public let descriptor: Int32

    /// - Parameter descriptor: closed with this value.
    init(owning descriptor: Int32, path: String) {
        self.path = path
        self.descriptor = descriptor
    }

    /// Standard output, from where it stands.
    public convenience init(standardOutput: Void) {
        self.init(owning: fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), path: "standard output")
    }

    public func write(_ text: String) throws(OutputError) { try write(Data(text.utf8)) }

    public func write(_ data: Data) throws(OutputError) {
        guard writeAll(data, to: descriptor) else { throw .current(.writeFailed, path, "writing") }
    }

    public var length: Int {
        get throws(OutputError) {
            var information = stat()
            guard fstat(descriptor, &information) == 0 else { throw .current(.writeFailed, path, "measuring") }
            return Int(information.st_size)
        }
    }

    /// Cuts the file; what is written next follows there.
    public func truncate(to length: Int) throws(OutputError) {
        guard ftruncate(descriptor, off_t(length)) == 0, lseek(descriptor, off_t(length), SEEK_SET) >= 0 else {
            throw .current(.writeFailed, path, "truncating")
        }
    }

    /// Its bytes from the beginning, wherever it stands.
    ///
    /// - Parameter limit: so many at most.
    public func contents(limit: Int = .max) throws(OutputError) -> Data {
        var data = Data(count: min(try length, limit))
        var position = 0
        while position < data.count {
            let count = data.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress! + position, $0.count - position, off_t(position))
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .current(.writeFailed, path, "reading") }
            // Shorter than it was a moment ago.
            if count == 0 { break }
            position += count
        }
        return data.prefix(position)
    }

    public func synchronize() throws(OutputError) {
        // Pipes and devices cannot be synchronized and need not be.
        guard fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS else {
            throw .current(.writeFailed, path, "synchronizing")
        }
    }

    deinit { close(descriptor) }
}

/// Writes bytes to an open file, waiting where it takes nothing at the moment.
///
/// - Returns: whether all of it was written; if not, `errno` says why.
public func writeAll(_ data: Data, to descriptor: Int32) -> Bool {
    data.withUnsafeBytes { bytes in
        var position = 0
        while position < bytes.count {
            let written = write(descriptor, bytes.baseAddress! + position, bytes.count - position)
            if written > 0 {
                position += written
            } else if written < 0 && errno == EAGAIN {
                // A parent may have made the pipe non-blocking.
                var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&state, 1, -1)
            } else if written == 0 || errno != EINTR {
                return false
            }
        }
        return true
    }
}
